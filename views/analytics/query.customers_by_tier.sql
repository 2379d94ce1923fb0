select nullif(loyalty_tier, x'') as loyalty_tier, customers
from analytics_customers_by_tier
where customers > 0
order by 1
