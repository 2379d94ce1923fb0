-- Aggregates kept row by row: each table equals the same GROUP BY over the mirror after every commit. A group is gone
-- when its last row is. Group keys may be NULL, which a primary key cannot hold: hence the indexes over
-- ifnull(key, x''). A measure that an event lacked counts as sum() counts it: not at all.

create table analytics_orders_by_status(
    status text,
    orders integer not null,
    total decimal(18, 2) not null
);
create unique index analytics_orders_by_status_key on analytics_orders_by_status(ifnull(status, x''));

create trigger analytics_orders_by_status_insert after insert on orders
begin
    insert into analytics_orders_by_status(status, orders, total)
    select NEW.status, 1, coalesce(NEW.total, 0) where true
    on conflict(ifnull(status, x'')) do update
    set orders = orders + excluded.orders, total = total + excluded.total;
end;

create trigger analytics_orders_by_status_delete after delete on orders
begin
    update analytics_orders_by_status
    set orders = orders - 1, total = total - coalesce(OLD.total, 0)
    where ifnull(status, x'') = ifnull(OLD.status, x'');
    delete from analytics_orders_by_status where ifnull(status, x'') = ifnull(OLD.status, x'') and orders = 0;
end;

create trigger analytics_orders_by_status_update after update of status, total on orders
when OLD.status is not NEW.status or OLD.total is not NEW.total
begin
    update analytics_orders_by_status
    set orders = orders - 1, total = total - coalesce(OLD.total, 0)
    where ifnull(status, x'') = ifnull(OLD.status, x'');
    delete from analytics_orders_by_status where ifnull(status, x'') = ifnull(OLD.status, x'') and orders = 0;
    insert into analytics_orders_by_status(status, orders, total)
    select NEW.status, 1, coalesce(NEW.total, 0) where true
    on conflict(ifnull(status, x'')) do update
    set orders = orders + excluded.orders, total = total + excluded.total;
end;

create table analytics_revenue_by_day(
    placed_on text,
    orders integer not null,
    revenue decimal(18, 2) not null
);
create unique index analytics_revenue_by_day_key on analytics_revenue_by_day(ifnull(placed_on, x''));

create trigger analytics_revenue_by_day_insert after insert on orders
when NEW.status in ('paid', 'shipped')
begin
    insert into analytics_revenue_by_day(placed_on, orders, revenue)
    select NEW.placed_on, 1, coalesce(NEW.total, 0) where NEW.status in ('paid', 'shipped')
    on conflict(ifnull(placed_on, x'')) do update
    set orders = orders + excluded.orders, revenue = revenue + excluded.revenue;
end;

create trigger analytics_revenue_by_day_delete after delete on orders
when OLD.status in ('paid', 'shipped')
begin
    update analytics_revenue_by_day
    set orders = orders - 1, revenue = revenue - coalesce(OLD.total, 0)
    where ifnull(placed_on, x'') = ifnull(OLD.placed_on, x'') and OLD.status in ('paid', 'shipped');
    delete from analytics_revenue_by_day where ifnull(placed_on, x'') = ifnull(OLD.placed_on, x'') and orders = 0;
end;

create trigger analytics_revenue_by_day_update after update of status, placed_on, total on orders
when (OLD.status in ('paid', 'shipped') or NEW.status in ('paid', 'shipped'))
    and (OLD.status is not NEW.status or OLD.placed_on is not NEW.placed_on or OLD.total is not NEW.total)
begin
    update analytics_revenue_by_day
    set orders = orders - 1, revenue = revenue - coalesce(OLD.total, 0)
    where ifnull(placed_on, x'') = ifnull(OLD.placed_on, x'') and OLD.status in ('paid', 'shipped');
    delete from analytics_revenue_by_day where ifnull(placed_on, x'') = ifnull(OLD.placed_on, x'') and orders = 0;
    insert into analytics_revenue_by_day(placed_on, orders, revenue)
    select NEW.placed_on, 1, coalesce(NEW.total, 0) where NEW.status in ('paid', 'shipped')
    on conflict(ifnull(placed_on, x'')) do update
    set orders = orders + excluded.orders, revenue = revenue + excluded.revenue;
end;

create table analytics_top_skus(
    sku text,
    orders integer not null,
    quantity integer not null,
    revenue decimal(18, 2) not null
);
create unique index analytics_top_skus_key on analytics_top_skus(ifnull(sku, x''));

create trigger analytics_top_skus_insert after insert on orders
when NEW.status in ('paid', 'shipped')
begin
    insert into analytics_top_skus(sku, orders, quantity, revenue)
    select NEW.sku, 1, coalesce(NEW.quantity, 0), coalesce(NEW.total, 0) where NEW.status in ('paid', 'shipped')
    on conflict(ifnull(sku, x'')) do update
    set orders = orders + excluded.orders, quantity = quantity + excluded.quantity, revenue = revenue + excluded.revenue;
end;

create trigger analytics_top_skus_delete after delete on orders
when OLD.status in ('paid', 'shipped')
begin
    update analytics_top_skus
    set orders = orders - 1, quantity = quantity - coalesce(OLD.quantity, 0), revenue = revenue - coalesce(OLD.total, 0)
    where ifnull(sku, x'') = ifnull(OLD.sku, x'') and OLD.status in ('paid', 'shipped');
    delete from analytics_top_skus where ifnull(sku, x'') = ifnull(OLD.sku, x'') and orders = 0;
end;

create trigger analytics_top_skus_update after update of status, sku, quantity, total on orders
when (OLD.status in ('paid', 'shipped') or NEW.status in ('paid', 'shipped'))
    and (OLD.status is not NEW.status or OLD.sku is not NEW.sku or OLD.quantity is not NEW.quantity or OLD.total is not NEW.total)
begin
    update analytics_top_skus
    set orders = orders - 1, quantity = quantity - coalesce(OLD.quantity, 0), revenue = revenue - coalesce(OLD.total, 0)
    where ifnull(sku, x'') = ifnull(OLD.sku, x'') and OLD.status in ('paid', 'shipped');
    delete from analytics_top_skus where ifnull(sku, x'') = ifnull(OLD.sku, x'') and orders = 0;
    insert into analytics_top_skus(sku, orders, quantity, revenue)
    select NEW.sku, 1, coalesce(NEW.quantity, 0), coalesce(NEW.total, 0) where NEW.status in ('paid', 'shipped')
    on conflict(ifnull(sku, x'')) do update
    set orders = orders + excluded.orders, quantity = quantity + excluded.quantity, revenue = revenue + excluded.revenue;
end;

create table analytics_customers_by_tier(
    loyalty_tier text,
    customers integer not null
);
create unique index analytics_customers_by_tier_key on analytics_customers_by_tier(ifnull(loyalty_tier, x''));

create trigger analytics_customers_by_tier_insert after insert on customers
begin
    insert into analytics_customers_by_tier(loyalty_tier, customers)
    select NEW.loyalty_tier, 1 where true
    on conflict(ifnull(loyalty_tier, x'')) do update
    set customers = customers + excluded.customers;
end;

create trigger analytics_customers_by_tier_delete after delete on customers
begin
    update analytics_customers_by_tier
    set customers = customers - 1
    where ifnull(loyalty_tier, x'') = ifnull(OLD.loyalty_tier, x'');
    delete from analytics_customers_by_tier where ifnull(loyalty_tier, x'') = ifnull(OLD.loyalty_tier, x'') and customers = 0;
end;

create trigger analytics_customers_by_tier_update after update of loyalty_tier on customers
when OLD.loyalty_tier is not NEW.loyalty_tier
begin
    update analytics_customers_by_tier
    set customers = customers - 1
    where ifnull(loyalty_tier, x'') = ifnull(OLD.loyalty_tier, x'');
    delete from analytics_customers_by_tier where ifnull(loyalty_tier, x'') = ifnull(OLD.loyalty_tier, x'') and customers = 0;
    insert into analytics_customers_by_tier(loyalty_tier, customers)
    select NEW.loyalty_tier, 1 where true
    on conflict(ifnull(loyalty_tier, x'')) do update
    set customers = customers + excluded.customers;
end;
