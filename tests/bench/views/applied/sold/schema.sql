-- The same as ../../triggered/sold has, by a statement.
create table sold_by_sku(sku text primary key, orders integer, total decimal(18, 2)) without rowid;
