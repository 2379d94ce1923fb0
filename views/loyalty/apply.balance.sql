insert or rollback into loyalty_balance(customer_id, points, orders)
select customer_id, ifnull(sum(_weight * points), 0), sum(_weight)
from _delta_points
group by customer_id
having sum(_weight) <> 0 or sum(_weight * points) <> 0
on conflict(customer_id) do update set points = points + excluded.points, orders = orders + excluded.orders
