select txid, coalesce(last, txid), lsn
from _transactions
order by lsn desc
limit :count
