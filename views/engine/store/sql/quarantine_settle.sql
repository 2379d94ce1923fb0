update _quarantine set
    state = case when state = 'waiting' or :state = 'applied' then :state else state end,
    settled_at_ms = :at_ms,
    note = :note,
    older_dropped = case when :state = 'discarded' then 0 else older_dropped end
where id = :id
