update or replace _fill set "table" = :new
where "table" = :old
