-- Every type that Debezium and source.sql know, for prove.py: PostgreSQL runs it, and tidemark reads it.
create extension if not exists hstore;
create extension if not exists citext;
create extension if not exists ltree;
create type mood as enum('calm', 'glad');
create domain cents as bigint;
create type pair as (a int, b text);
create schema if not exists sales;

create table numbers(
    id bigint primary key,
    small smallint,
    whole int,
    big bigint,
    price numeric(10, 2),
    wide numeric(30, 10),
    free numeric,
    short real,
    long double precision,
    cash money,
    amount cents,
    object oid,
    flag boolean,
    on_one bit(1),
    on_many bit(12),
    on_varying bit varying(20)
);

create table times(
    id int primary key,
    day date,
    clock time,
    clock3 time(3),
    zoned_clock timetz,
    moment timestamp,
    moment3 timestamp(3),
    zoned timestamptz,
    span interval
);

create table texts(
    id int primary key,
    plain text,
    bounded varchar(20),
    padded char(8),
    one "char",
    label name,
    folded citext,
    feeling mood,
    uid uuid,
    doc json,
    docb jsonb,
    raw bytea,
    path ltree,
    pairs hstore,
    host inet,
    net cidr,
    mac macaddr,
    markup xml,
    words tsvector,
    ints int4range,
    moments tstzrange,
    many nummultirange,
    spot point
);

create table arrays(
    id int primary key,
    whole int[],
    price numeric(8, 2)[],
    long double precision[],
    plain text[],
    flag boolean[],
    uid uuid[],
    day date[],
    moment timestamp[],
    zoned timestamptz[],
    raw bytea[],
    hosts inet[],
    tags hstore[]
);

create table sales.by_time(at timestamptz, uid uuid, amount numeric(6, 2), primary key(at, uid));
create table by_bytes(key bytea primary key, n int);
create table by_span(span interval primary key, n int);
create table by_real(key double precision, sku char(6), n int, primary key(key, sku));
create table parts(id int, region text, n int, primary key(id, region)) partition by list (region);
create table parts_eu partition of parts for values in ('eu');
create table parts_us partition of parts for values in ('us');
create table big(id int primary key, n int, blob text);
alter table big alter column blob set storage external;
