-- Makes a file of format 9 one of format 10: see engine.sql.
alter table _offsets add column unread integer not null default 0;
alter table _tables add column snapshot_commit integer not null default -1;
alter table _tables add column snapshot_ahead integer not null default 0;
alter table _tables add column cut_ms integer not null default 0;
alter table _tables add column whole_lsn integer not null default -1;
alter table _tables add column left_out_lsn integer not null default -1;
update _tables set whole_lsn = snapshot_lsn where not snapshot_open;
alter table _quarantine add column behind_lsn integer;
