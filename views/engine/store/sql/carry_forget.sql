delete from _carry
where "table" = :table and (:column is null or column = :column)
