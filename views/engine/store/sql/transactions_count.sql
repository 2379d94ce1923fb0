select count(*)
from _transactions
