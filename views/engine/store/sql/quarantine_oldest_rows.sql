select max(id), count(*), total(length(key)) + total(length(value))
from (select id, key, value from _quarantine order by id limit :count)
