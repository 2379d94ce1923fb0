select hash, schema
from _views
where name = :name
