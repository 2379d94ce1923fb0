-- What answers say of columns and rows that are not there yet. Of a commit that has a new version: no answer of before is of this one.
update _position set
    filling = (
        select group_concat("table" || iif(column = '', '', '.' || column), ', ')
        from (select "table", column from _fill where kind in ('column', 'table') and lacking is null order by 1, 2)
    )
