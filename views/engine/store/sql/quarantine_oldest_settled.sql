-- Never the newest of all, whose id would be given again.
select id, ifnull(length(key), 0) + ifnull(length(value), 0)
from _quarantine
where state <> 'waiting' and older_dropped = 0 and id < (select max(id) from _quarantine)
order by id
limit 1
