select nullif(status, x'') as status, orders, total
from analytics_orders_by_status
where orders > 0
order by 1
