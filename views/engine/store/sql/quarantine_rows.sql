select "table", row_key
from _quarantine
where state = 'waiting' and row_key is not null
