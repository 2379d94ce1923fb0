delete from _feed where name = :name;
