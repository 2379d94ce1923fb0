-- By the index of those that do not wait: its condition is said too.
select 1
from _quarantine
where state <> 'waiting' and state = 'discarded' and ("table" is null or "table" = :table)
limit 1
