update _quarantine set
    value = null,
    reason = reason || ' (its value was dropped: quarantine is full)'
where id = :id
