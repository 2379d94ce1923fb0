select value
from _carry
where "table" = :table and txid = :txid and lsn = :lsn and kind = 'have' and column = :column
