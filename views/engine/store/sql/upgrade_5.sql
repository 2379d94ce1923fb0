-- Makes a file of format 4 one of format 5: see engine.sql.
alter table _position add column quarantined integer not null default 0;
alter table _quarantine rename to _quarantine_4;
-- Messages that could not be applied (quarantine.h). What is looked for stands before the bytes, which may be long.
create table _quarantine(
    id integer primary key,
    topic text not null,
    partition integer not null,
    "offset" integer not null,
    -- superseded: a later change made its row right; applied: by a retry; discarded: by a person
    state text not null default 'waiting' check (state in ('waiting', 'superseded', 'applied', 'discarded')),
    reason text not null,
    at_ms integer not null,
    -- the declared table of its row and the key's values as a JSON array, null = not known
    "table" text,
    row_key text,
    -- of the change, null = not known
    lsn integer,
    -- 1: a later change of the row was applied and lacked a value that this one may have (unchanged TOAST)
    overtaken integer not null default 0,
    settled_at_ms integer,
    note text,
    value_dropped integer not null default 0,
    -- so many older ones that waited were dropped: they count as waiting until this one is discarded
    older_dropped integer not null default 0,
    key blob,
    value blob
);
create index _quarantine_settled on _quarantine(id) where state <> 'waiting';
create index _quarantine_rows on _quarantine("table", row_key) where state = 'waiting';

-- What a person asked for, from whatever process: the one that writes the file does it, and deletes the row.
create table _quarantine_requests(
    id integer primary key,
    quarantined integer not null,
    action text not null check (action in ('retry', 'discard')),
    note text
);
insert into _quarantine(id, topic, partition, "offset", reason, at_ms, value_dropped, key, value)
select id, topic, partition, "offset", replace(reason, ' (its value was dropped: quarantine is full)', ''), at_ms,
    reason like '%(its value was dropped: quarantine is full)%', key, value
from _quarantine_4;
drop table _quarantine_4;
update _position set quarantined = (select count(*) from _quarantine);
