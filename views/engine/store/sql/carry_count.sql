select count(*), count(*) filter (where kind = 'want'),
    count(*) filter (where kind = 'want' and key is null)
from _carry
