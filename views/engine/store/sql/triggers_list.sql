select type, name, sql
from sqlite_schema
where type = 'trigger'
