select id, length(value)
from _quarantine
where id >= :from and value is not null
order by id
limit 1
