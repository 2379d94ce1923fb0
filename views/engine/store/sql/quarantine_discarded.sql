select 1
from _quarantine
where state <> 'waiting' and state = 'discarded' and ("table" is null or "table" = :table)
limit 1
