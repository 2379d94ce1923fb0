-- What a schema has made since schema_before.sql: with the names and types of a table's columns.
select
    type, name, sql,
    (select group_concat(c.name || ' ' || c.type || ' ' || c.hidden, ', ') from pragma_table_xinfo(s.name) c)
from sqlite_schema s
where name not in (select name from before) and name not like 'sqlite_%'
