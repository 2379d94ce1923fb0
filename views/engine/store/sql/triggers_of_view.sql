-- The triggers on a table that the view's schema.sql makes.
select t.name
from sqlite_schema t join _views v on v.name = :view
where t.type = 'trigger' and t.tbl_name = :table collate nocase and instr(lower(v.schema), lower(t.name)) > 0
