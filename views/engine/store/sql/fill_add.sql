-- A table that the file had before is read again without effects.
insert into _fill("table", column, kind)
values(:table, :column, :kind)
on conflict do update set
    kind = iif(_fill.kind in ('gone', 'table') and excluded.kind = 'new', 'table', excluded.kind),
    lacking = null
