-- What is asked already is not asked once more: there are at most two requests a message, however often somebody asks
-- while nobody does them.
insert into _quarantine_requests(quarantined, action, note)
select id, :action, :note
from _quarantine
where (id = :id or (:all and (state = 'waiting' or (older_dropped > 0 and :action = 'discard'))))
    and id not in (select quarantined from _quarantine_requests where action = :action)
order by id
