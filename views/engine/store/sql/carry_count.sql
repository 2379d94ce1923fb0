select count(*), count(*) filter (where kind = 'want')
from _carry
