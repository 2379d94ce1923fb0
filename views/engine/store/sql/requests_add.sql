insert into _quarantine_requests(quarantined, action, note)
select id, :action, :note
from _quarantine
where id = :id or (:all and (state = 'waiting' or (older_dropped > 0 and :action = 'discard')))
order by id
