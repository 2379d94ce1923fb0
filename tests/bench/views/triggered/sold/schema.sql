-- What triggers cost: for every row of the log, one by one.
create table sold_by_sku(sku text primary key, orders integer, total decimal(18, 2)) without rowid;

create trigger sold_insert after insert on orders begin
    insert into sold_by_sku(sku, orders, total) values(new.sku, 1, new.total)
    on conflict(sku) do update set orders = orders + 1, total = total + excluded.total;
end;

create trigger sold_update after update of sku, total on orders
when old.sku is not new.sku or old.total is not new.total begin
    update sold_by_sku set orders = orders - 1, total = total - old.total where sku = old.sku;
    insert into sold_by_sku(sku, orders, total) values(new.sku, 1, new.total)
    on conflict(sku) do update set orders = orders + 1, total = total + excluded.total;
end;

create trigger sold_delete after delete on orders begin
    update sold_by_sku set orders = orders - 1, total = total - old.total where sku = old.sku;
end;
