insert or rollback into analytics_top_skus(sku, orders, quantity, revenue)
select ifnull(sku, x''), sum(_weight), ifnull(sum(_weight * quantity), 0), ifnull(sum(_weight * total), 0)
from _delta_orders
where status in ('paid', 'shipped')
group by sku
having sum(_weight) <> 0 or sum(_weight * quantity) <> 0 or sum(_weight * total) <> 0
on conflict(sku) do update
set orders = orders + excluded.orders, quantity = quantity + excluded.quantity, revenue = revenue + excluded.revenue
