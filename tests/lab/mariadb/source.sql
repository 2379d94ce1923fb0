-- What workload.py makes, in PostgreSQL's words.
-- tidemark: bytes kinds.padded = base64
-- tidemark: bytes kinds.bytes = base64
create type label as enum ('new', 'used', 'a,b');
create table kinds(
    id int primary key, truth boolean, bits bit(10), small smallint, whole bigint, price decimal(10, 2), amount decimal(30, 6),
    ratio double precision, fixed text, words text, padded bytea, bytes bytea, note text, document json, label label, labels text,
    on_day date, at_second timestamp(0), at_milli timestamp(3), at_micro timestamp(6), moment timestamptz, moment_micro timestamptz,
    lasted interval, in_year int, code uuid
);
create table keyed(code uuid primary key, other uuid, n int);
create table pairs(a int, b varchar(20), n int, primary key(a, b));
