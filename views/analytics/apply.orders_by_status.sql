insert or rollback into analytics_orders_by_status(status, orders, total)
select ifnull(status, x''), _weight, total
from _sums_orders('status')
where true
on conflict(status) do update set orders = orders + excluded.orders, total = total + excluded.total
