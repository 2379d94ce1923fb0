update or replace _fill set column = :new
where "table" = :table and column = :old
