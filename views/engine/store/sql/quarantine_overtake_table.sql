-- What is older than a truncate, or than a full snapshot that has come whole; not what was streamed behind that, since its
-- transaction was open while the snapshot was read.
update _quarantine set state = 'superseded', settled_at_ms = :at_ms
where "table" = :table and state = 'waiting' and lsn < :lsn and ifnull(behind_lsn < :lsn, 1)
