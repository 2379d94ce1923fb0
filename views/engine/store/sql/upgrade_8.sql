-- Makes a file of format 7 one of format 8: see engine.sql.
alter table _offsets add column snapshot_lsn integer not null default -1;
alter table _offsets add column snapshot_ms integer not null default 0;
alter table _offsets add column newest_lsn integer not null default -1;
alter table _offsets add column newest_source_ms integer not null default 0;
alter table _tables add column stale_before_ms integer not null default 0;
alter table _tables add column snapshot_ts_ms integer not null default 0;
alter table _tables add column has_chunks integer not null default 0;
