-- What was passed on to that place and has no row yet. By itself SQLite would look through all that the table has.
select count(*)
from _carry indexed by _carry_links
where "table" = :table and kind = 'want' and value = :link and key is null
