-- An order that goes from paid to shipped counts as before: its two rows add up to nothing.
insert or rollback into analytics_revenue_by_day(placed_on, orders, revenue)
select ifnull(placed_on, x''), _weight, total
from _sums_orders('placed_on', 'status', 'paid', 'shipped')
where true
on conflict(placed_on) do update set orders = orders + excluded.orders, revenue = revenue + excluded.revenue
