-- What is on its way across a key change in the file that was read beside.
insert or replace into main._carry("table", txid, lsn, column, kind, value, key, ts_ms)
select "table", txid, lsn, column, kind, value, key, ts_ms
from fill._carry
where "table" = :table and column = :column and (kind = 'want' or typeof(value) <> :untold)
