update _quarantine set
    reason = reason || ' (' || :count || ' older ones were dropped: quarantine is full)'
where id = (select min(id) from _quarantine)
