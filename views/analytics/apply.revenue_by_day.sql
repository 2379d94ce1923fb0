-- An order that goes from paid to shipped counts as before: its two rows add up to nothing.
insert or rollback into analytics_revenue_by_day(placed_on, orders, revenue)
select ifnull(placed_on, x''), sum(_weight), ifnull(sum(_weight * total), 0)
from _delta_orders
where status in ('paid', 'shipped')
group by placed_on
having sum(_weight) <> 0 or sum(_weight * total) <> 0
on conflict(placed_on) do update set orders = orders + excluded.orders, revenue = revenue + excluded.revenue
