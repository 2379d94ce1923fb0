-- Each value that is awaited, with its row's key; NULL where it was passed on.
select "table", txid, lsn, key
from _carry
where kind = 'want'
order by "table", txid, lsn, column
