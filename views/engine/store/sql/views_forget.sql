delete from _views
where name = :name
