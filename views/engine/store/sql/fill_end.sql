-- Rows of which the log had no event any more are told for as long as the column is there.
update _fill set lacking = :lacking
where "table" = :table and kind in ('column', 'table')
