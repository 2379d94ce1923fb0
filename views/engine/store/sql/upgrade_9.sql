-- Makes a file of format 8 one of format 9: what deletes left behind is in parts (table_sql.h), all of it in the first. One
-- row: the SQL that does it for each table, and for the declaration that the file was made with; NULL where there is none.
-- Views that read _delta_T may have kept what went stale (CHANGELOG.md): they are filled anew, as if their files had changed.
with deleted(name, declared, keys) as (
    select substr(m.name, 10),
        (select group_concat(printf('"%w" %s not null,', c.name, c.type), '')
            from (select name, type from pragma_table_info(m.name) where pk > 0 order by pk) c),
        (select group_concat(printf('"%w"', c.name), ',')
            from (select name from pragma_table_info(m.name) where pk > 0 order by pk) c)
    from sqlite_schema m
    where m.type = 'table' and m.name glob '_deleted_*'
), made(name, was, is_now) as (
    select name,
        printf('create table "_deleted_%w"(%s_lsn integer,_ts_ms integer,primary key(%s)) without rowid;',
            name, declared, keys),
        printf('create table "_deleted_%w"(_part integer not null,%s_lsn integer,_ts_ms integer,primary key(_part,%s)) without rowid;',
            name, declared, keys)
    from deleted
)
select group_concat(printf(
    'alter table "_deleted_%w" rename to "_undivided_%w";%s'
    || 'insert into "_deleted_%w" select 0,* from "_undivided_%w";drop table "_undivided_%w";'
    || 'update _meta set value=replace(value,%Q,%Q) where name=''source'';',
    name, name, is_now, name, name, name, was, is_now), '')
    || 'update _views set hash='''' where name in (select view from _applies where sql like ''%\_delta\_%'' escape ''\'')'
from made
