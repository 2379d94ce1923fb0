-- A sort of all: only for what an earlier process has written.
select lsn
from _transactions
order by lsn desc
limit 1 offset :kept
