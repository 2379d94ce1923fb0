-- What is older than a truncate (:emptied), or than a full snapshot that has come whole; of these not what was streamed behind it,
-- since its transaction was open while the snapshot was read.
update _quarantine set state = 'superseded', settled_at_ms = :at_ms
where "table" = :table and state = 'waiting' and lsn < :lsn and (:emptied or ifnull(behind_lsn < :lsn, 1))
