update _carry
set value = nullif(substr(value, 2), '')
where "table" = :table and kind = 'want' and value >= '*' and value < '+'
