delete from _tables
where name = :name
