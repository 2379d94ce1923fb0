insert or rollback into analytics_orders_by_status(status, orders, total)
select ifnull(status, x''), sum(_weight), ifnull(sum(_weight * total), 0)
from _delta_orders
group by status
having sum(_weight) <> 0 or sum(_weight * total) <> 0
on conflict(status) do update set orders = orders + excluded.orders, total = total + excluded.total
