-- The tables are found one after the other, so that only the transaction's own rows are looked at.
delete from _carry
where txid = :txid and "table" in (
        with recursive tables(name) as (
            select min("table") from _carry
            union all
            select (select min("table") from _carry where "table" > name) from tables where name is not null
        )
        select name from tables
    )
returning kind = 'want', kind = 'want' and key is null
