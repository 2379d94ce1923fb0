insert or rollback into analytics_top_skus(sku, orders, quantity, revenue)
select ifnull(sku, x''), _weight, quantity, total
from _sums_orders('sku', 'status', 'paid', 'shipped')
where true
on conflict(sku) do update
set orders = orders + excluded.orders, quantity = quantity + excluded.quantity, revenue = revenue + excluded.revenue
