select loyalty_tier, customers
from analytics_customers_by_tier
order by loyalty_tier
