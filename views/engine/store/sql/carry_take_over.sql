-- What was passed on to a row's place is awaited for its key. By itself SQLite would look through all that the table has.
update _carry indexed by _carry_links set value = null, key = :key
where "table" = :table and kind = 'want' and key is null and value = :link and column = :column
