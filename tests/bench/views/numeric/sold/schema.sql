create table sold_by_sku(sku text primary key, orders integer, total text) without rowid;
