select count(*), total(length(key)) + total(length(value))
from _quarantine
