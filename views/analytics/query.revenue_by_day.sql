select placed_on, orders, revenue
from analytics_revenue_by_day
where (:from is null or placed_on >= :from) and (:to is null or placed_on <= :to)
order by placed_on
