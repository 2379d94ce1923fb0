-- Makes a file of format 1 one of format 2: see engine.sql.
create table _applies(
    view text not null,
    name text not null,
    sql text not null,
    primary key(view, name)
) without rowid;
alter table _tables add column newest_lsn integer;
alter table _transactions add column last integer;
-- The engine's columns of new mirrors may be null: a statement that writes many rows then needs no copy of the pages.
update _meta set value = replace(replace(value,
    '_lsn integer not null default -1,_snapshot integer not null default -1', '_lsn integer default -1,_snapshot integer default -1'),
    '_lsn integer not null,_ts_ms integer not null', '_lsn integer,_ts_ms integer')
where name = 'source';
