update _quarantine set value = null, value_dropped = 1
where id = :id
