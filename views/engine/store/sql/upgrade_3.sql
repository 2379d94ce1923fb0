-- Makes a file of format 2 one of format 3: see engine.sql.
create table _once(
    id integer primary key,
    "table" text not null collate nocase,
    key text not null collate nocase,
    value text not null collate nocase,
    unique("table", key, value)
);
create table _once_values(once integer not null, number integer not null, value, primary key(once, number)) without rowid;
create table _once_blocks(
    once integer not null,
    part integer not null,
    block integer not null,
    told blob,
    primary key(once, part, block)
) without rowid;
