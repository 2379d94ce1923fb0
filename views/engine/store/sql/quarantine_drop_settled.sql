delete from _quarantine
where id = :id
