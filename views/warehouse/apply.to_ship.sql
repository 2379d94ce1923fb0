insert or rollback into warehouse_to_ship(sku, quantity)
select sku, sum(_weight * quantity)
from _delta_orders
where status = 'paid' and sku is not null
group by sku
having sum(_weight * quantity) <> 0
on conflict(sku) do update set quantity = quantity + excluded.quantity
