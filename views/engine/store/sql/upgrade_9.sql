-- Makes a file of format 8 one of format 9: what deletes left behind is in parts (table_sql.h), all of it in the first. One
-- row: the SQL that does it for each table, NULL where there is none.
select group_concat(printf(
    'alter table "_deleted_%w" rename to "_undivided_%w";'
    || 'create table "_deleted_%w"(_part integer not null,%s_lsn integer,_ts_ms integer,primary key(_part,%s)) without rowid;'
    || 'insert into "_deleted_%w" select 0,* from "_undivided_%w";drop table "_undivided_%w"',
    t.name, t.name, t.name, t.declared, t.keys, t.name, t.name, t.name), ';')
from (
    select substr(m.name, 10) as name,
        (select group_concat(printf('"%w" %s not null,', c.name, c.type), '')
            from (select name, type from pragma_table_info(m.name) where pk > 0 order by pk) c) as declared,
        (select group_concat(printf('"%w"', c.name), ',')
            from (select name from pragma_table_info(m.name) where pk > 0 order by pk) c) as keys
    from sqlite_schema m
    where m.type = 'table' and m.name glob '_deleted_*'
) t
