-- The indexes of views: whether one is unique or has an expression (cid -2), whether it is partial, and its text.
select
    l."unique" or exists(select 1 from pragma_index_xinfo(l.name) where cid = -2),
    l.partial,
    (select sql from sqlite_schema where type = 'index' and name = l.name)
from pragma_index_list(:table) l
where l.origin <> 'pk'
