insert into _transactions(txid, last, lsn)
values(:txid, :last, :lsn)
on conflict(txid) do update set last = excluded.last, lsn = excluded.lsn
