insert into _applies(view, name, sql)
values(:view, :name, :sql)
