delete from _carry
where "table" = :table and txid = :txid and lsn = :lsn and kind = 'want'
returning kind = 'want', key
