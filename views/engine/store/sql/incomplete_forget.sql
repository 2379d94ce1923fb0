delete from _meta
where name = 'incomplete:' || :name
