insert or rollback into loyalty_balance(customer_id, points, orders)
select customer_id, points, _weight
from _sums_points('customer_id')
where true
on conflict(customer_id) do update set points = points + excluded.points, orders = orders + excluded.orders
