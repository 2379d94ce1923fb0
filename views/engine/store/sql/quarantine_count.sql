select count(*), total(length(key)) + total(length(value)), total(state = 'waiting') + total(older_dropped)
from _quarantine
