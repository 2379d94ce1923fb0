-- What was tried again and waits on.
update _quarantine set
    reason = ifnull(:reason, reason),
    note = :note,
    "table" = ifnull(:table, "table"),
    row_key = ifnull(:row_key, row_key),
    lsn = ifnull(:lsn, lsn)
where id = :id
