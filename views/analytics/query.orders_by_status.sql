select status, orders, total
from analytics_orders_by_status
order by status
