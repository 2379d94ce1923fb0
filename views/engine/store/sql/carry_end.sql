-- The tables are found one after the other, so that only the transaction's own rows are looked at. Of a table without rowid SQLite
-- 3.40 returns 0 for `key is null`, whatever the key: findings/sqlite-returning-is-null-without-rowid.sh.
delete from _carry
where txid = :txid and "table" in (
        with recursive tables(name) as (
            select min("table") from _carry
            union all
            select (select min("table") from _carry where "table" > name) from tables where name is not null
        )
        select name from tables
    )
returning kind = 'want', key, "table", column
