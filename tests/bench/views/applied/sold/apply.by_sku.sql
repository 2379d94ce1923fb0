insert or rollback into sold_by_sku(sku, orders, total)
select sku, _weight, total from _sums_orders('sku') where true
on conflict(sku) do update set orders = orders + excluded.orders, total = total + excluded.total
