insert or rollback into analytics_customers_by_tier(loyalty_tier, customers)
select ifnull(loyalty_tier, x''), _weight
from _sums_customers('loyalty_tier')
where true
on conflict(loyalty_tier) do update set customers = customers + excluded.customers
