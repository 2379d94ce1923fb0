delete from _carry
where "table" = :table and (:column is null or column = :column) and kind = 'want' and key = :key
returning true, key
