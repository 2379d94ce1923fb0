-- What a key awaits is passed on along its own key change, which is at :txid and :lsn and called :link: to the row that awaits a
-- value there, or to the link; the new key of each, NULL = the link. A row that joins another has a * and the other's value, until
-- the other is deleted.
update _carry as awaited
set (key, value) = (
        select later.key, iif(later.kind is null, :link, '*' || coalesce(later.value, ''))
        from (select 1) left join _carry as later
            on later."table" = :table and later.txid = :txid and later.lsn = :lsn and later.kind = 'want'
                and later.column = awaited.column
    )
where "table" = :table and kind = 'want' and key = :key
returning key
