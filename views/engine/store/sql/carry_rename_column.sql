update _carry set column = :new
where "table" = :table and column = :old
