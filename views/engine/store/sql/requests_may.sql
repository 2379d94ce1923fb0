select state, state = 'waiting', older_dropped
from _quarantine
where id = :id
