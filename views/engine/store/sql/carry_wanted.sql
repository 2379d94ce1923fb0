select column, key, value
from _carry
where "table" = :table and txid = :txid and lsn = :lsn and kind = 'want'
