-- A later change of the row was applied. Without positions the log's order is all there is; and a message that was
-- retried, :retried, is later than those before its own place only: by offset in a partition, else as they came.
update _quarantine set
    state = case when :lacked then state else 'superseded' end,
    settled_at_ms = case when :lacked then settled_at_ms else :at_ms end,
    overtaken = overtaken or :lacked
where "table" = :table and row_key = :row_key and state = 'waiting'
    and (lsn < :lsn
        or ((:last or (:applied and lsn is null))
            and not exists(
                select 1
                from _quarantine r
                where r.id = :retried
                    and case when (r.topic, r.partition) = (_quarantine.topic, _quarantine.partition)
                        then r."offset" <= _quarantine."offset" else r.id <= _quarantine.id end)))
