delete from _fill
where "table" = :table and (:column is null or column = :column)
