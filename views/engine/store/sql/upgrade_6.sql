-- Makes a file of format 5 one of format 6: see engine.sql.
create table _fill(
    "table" text not null,
    column text not null,
    kind text not null check (kind in ('column', 'table', 'new', 'gone')),
    lacking integer,
    primary key("table", column)
) without rowid;
alter table _position add column filling text;
