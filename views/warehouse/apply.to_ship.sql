-- An order without a sku packs nothing.
insert or rollback into warehouse_to_ship(sku, quantity)
select sku, quantity
from _sums_orders('sku', 'status', 'paid')
where sku is not null
on conflict(sku) do update set quantity = quantity + excluded.quantity
