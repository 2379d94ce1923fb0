select max(id), count(*), total(length(key)) + total(length(value)), total(state = 'waiting') + total(older_dropped)
from (select id, state, older_dropped, key, value from _quarantine order by id limit :count)
