insert into _carry("table", txid, lsn, column, kind, value, ts_ms)
values(:table, :txid, :lsn, :column, 'have', :value, :ts_ms)
on conflict do nothing
