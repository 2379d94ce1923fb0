-- By txid, which needs no sorting of all that are kept: the newest have the highest, but right after txids have begun anew.
select txid, coalesce(last, txid), lsn
from _transactions
order by txid desc
limit :count
