select value
from _meta
where name = :name
