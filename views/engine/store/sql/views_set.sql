insert into _views(name, hash, schema)
values(:name, :hash, :schema)
on conflict(name) do update set hash = excluded.hash, schema = excluded.schema
