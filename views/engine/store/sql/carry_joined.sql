delete from _carry
where "table" = :table and txid = :txid and lsn = :lsn and kind = 'want'
    and column in (select column from _carry where "table" = :table and kind = 'want' and value >= '*' and value < '+')
returning kind = 'want', key
