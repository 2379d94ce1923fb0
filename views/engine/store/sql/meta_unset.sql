delete from _meta
where name = :name
