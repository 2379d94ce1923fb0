update _quarantine set older_dropped = older_dropped + :count
where id = (select min(id) from _quarantine)
