-- Makes a file of format 1 one of format 2: see engine.sql.
create table _applies(
    view text not null,
    name text not null,
    sql text not null,
    primary key(view, name)
) without rowid;
alter table _tables add column newest_lsn integer;
pragma user_version = 2;
