-- A later change of the row was applied. Without positions the log's order is all there is.
update _quarantine set
    state = case when :lacked then state else 'superseded' end,
    settled_at_ms = case when :lacked then settled_at_ms else :at_ms end,
    overtaken = overtaken or :lacked
where "table" = :table and row_key = :row_key and state = 'waiting'
    and (:last or lsn < :lsn or (:applied and lsn is null))
