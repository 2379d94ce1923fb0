update _carry set "table" = :new
where "table" = :old
