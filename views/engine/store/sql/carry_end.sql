delete from _carry
where txid = :txid
