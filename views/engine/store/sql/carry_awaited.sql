-- Each value that is awaited, with its row's key, one part of that a line; none where it was passed on.
select c."table", c.txid, c.lsn, k.key, k.value
from _carry c left join json_each(c.key) k
where c.kind = 'want'
order by c."table", c.txid, c.lsn, c.column, k.key
