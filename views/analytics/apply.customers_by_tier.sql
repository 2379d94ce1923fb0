insert or rollback into analytics_customers_by_tier(loyalty_tier, customers)
select ifnull(loyalty_tier, x''), sum(_weight)
from _delta_customers
group by loyalty_tier
having sum(_weight) <> 0
on conflict(loyalty_tier) do update set customers = customers + excluded.customers
