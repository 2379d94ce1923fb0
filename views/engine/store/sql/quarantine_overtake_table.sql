-- What is older than a truncate, or than a full snapshot that has come whole.
update _quarantine set state = 'superseded', settled_at_ms = :at_ms
where "table" = :table and state = 'waiting' and lsn < :lsn
