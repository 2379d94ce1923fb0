insert into _carry("table", txid, lsn, column, kind, key, ts_ms)
values(:table, :txid, :lsn, :column, 'want', :key, :ts_ms)
on conflict do nothing
