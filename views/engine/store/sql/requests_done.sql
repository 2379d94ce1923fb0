delete from _quarantine_requests
where id = :id
