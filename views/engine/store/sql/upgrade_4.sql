-- Makes a file of format 3 one of format 4: see engine.sql.
create table _real_sums(
    id integer primary key,
    view text not null,
    apply text not null,
    call text not null,
    unique(view, apply, call)
);
create table _real_sum_groups(
    call integer not null,
    "group" blob not null,
    sum blob not null,
    primary key(call, "group")
) without rowid;
-- Views that may sum a REAL have none yet, and of a NUMERIC (a text here) they had 0: they are filled anew, as if their
-- files had changed.
update _views set hash = ''
where name in (select view from _applies where sql like '%\_sums\_%' escape '\')
    and exists(select 1 from _meta where name = 'source' and (value like '%" real%' or value like '%" text%'));
