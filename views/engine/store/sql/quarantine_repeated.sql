update _quarantine set state = 'superseded', settled_at_ms = :at_ms, note = 'was sent again'
where "table" = :table and row_key = :row_key and state = 'waiting' and lsn = :lsn
