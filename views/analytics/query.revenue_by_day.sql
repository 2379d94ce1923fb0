-- tidemark: from is date
-- tidemark: to is date
select nullif(placed_on, x'') as placed_on, orders, revenue
from analytics_revenue_by_day
where orders > 0 and (:from is null or placed_on >= :from and placed_on <> x'')
    and (:to is null or placed_on <= :to)
order by 1
