delete from _carry
where "table" = :table and txid = :txid and lsn = :lsn and kind = 'have'
    and column in (select column from _carry where "table" = :table and kind = 'want' and value = :link)
