delete from _meta
where name in ('incomplete:' || :name, 'astray:' || :name)
