-- Aggregates kept row by row: each query here equals the same GROUP BY over the mirror after every commit.
--
-- Group keys may be NULL, which a primary key cannot hold: x'' stands for it. A group whose last row is gone stays with
-- a count of 0, which no query shows. A measure that an event lacked counts as sum() counts it: not at all.

create table analytics_orders_by_status(
    status text primary key,
    orders integer not null,
    total decimal(18, 2) not null
) without rowid;

-- of orders paid or shipped
create table analytics_revenue_by_day(
    placed_on text primary key,
    orders integer not null,
    revenue decimal(18, 2) not null
) without rowid;

-- of orders paid or shipped
create table analytics_top_skus(
    sku text primary key,
    orders integer not null,
    quantity integer not null,
    revenue decimal(18, 2) not null
) without rowid;

create table analytics_customers_by_tier(
    loyalty_tier text primary key,
    customers integer not null
) without rowid;

create trigger analytics_order_insert after insert on orders
begin
    insert into analytics_orders_by_status(status, orders, total)
    values (ifnull(NEW.status, x''), 1, ifnull(NEW.total, 0))
    on conflict(status) do update set orders = orders + 1, total = total + excluded.total;

    insert into analytics_revenue_by_day(placed_on, orders, revenue)
    select ifnull(NEW.placed_on, x''), 1, ifnull(NEW.total, 0) where NEW.status in ('paid', 'shipped')
    on conflict(placed_on) do update set orders = orders + 1, revenue = revenue + excluded.revenue;

    insert into analytics_top_skus(sku, orders, quantity, revenue)
    select ifnull(NEW.sku, x''), 1, ifnull(NEW.quantity, 0), ifnull(NEW.total, 0)
    where NEW.status in ('paid', 'shipped')
    on conflict(sku) do update
    set orders = orders + 1, quantity = quantity + excluded.quantity, revenue = revenue + excluded.revenue;
end;

create trigger analytics_order_delete after delete on orders
begin
    update analytics_orders_by_status set orders = orders - 1, total = total - ifnull(OLD.total, 0)
    where status = ifnull(OLD.status, x'');

    update analytics_revenue_by_day set orders = orders - 1, revenue = revenue - ifnull(OLD.total, 0)
    where placed_on = ifnull(OLD.placed_on, x'') and OLD.status in ('paid', 'shipped');

    update analytics_top_skus
    set orders = orders - 1, quantity = quantity - ifnull(OLD.quantity, 0), revenue = revenue - ifnull(OLD.total, 0)
    where sku = ifnull(OLD.sku, x'') and OLD.status in ('paid', 'shipped');
end;

-- An order that goes from paid to shipped counts as before: nothing is written for it but its status.
create trigger analytics_order_update after update of status, total, placed_on, sku, quantity on orders
when OLD.status is not NEW.status or OLD.total is not NEW.total or OLD.placed_on is not NEW.placed_on
    or OLD.sku is not NEW.sku or OLD.quantity is not NEW.quantity
begin
    insert into analytics_orders_by_status(status, orders, total)
    values (ifnull(OLD.status, x''), -1, -ifnull(OLD.total, 0)), (ifnull(NEW.status, x''), 1, ifnull(NEW.total, 0))
    on conflict(status) do update set orders = orders + excluded.orders, total = total + excluded.total;

    insert into analytics_revenue_by_day(placed_on, orders, revenue)
    select ifnull(OLD.placed_on, x''), -1, -ifnull(OLD.total, 0) where OLD.status in ('paid', 'shipped')
        and (ifnull(NEW.status not in ('paid', 'shipped'), true)
            or OLD.placed_on is not NEW.placed_on or OLD.total is not NEW.total)
    union all
    select ifnull(NEW.placed_on, x''), 1, ifnull(NEW.total, 0) where NEW.status in ('paid', 'shipped')
        and (ifnull(OLD.status not in ('paid', 'shipped'), true)
            or OLD.placed_on is not NEW.placed_on or OLD.total is not NEW.total)
    on conflict(placed_on) do update set orders = orders + excluded.orders, revenue = revenue + excluded.revenue;

    insert into analytics_top_skus(sku, orders, quantity, revenue)
    select ifnull(OLD.sku, x''), -1, -ifnull(OLD.quantity, 0), -ifnull(OLD.total, 0)
    where OLD.status in ('paid', 'shipped') and (ifnull(NEW.status not in ('paid', 'shipped'), true)
        or OLD.sku is not NEW.sku or OLD.quantity is not NEW.quantity or OLD.total is not NEW.total)
    union all
    select ifnull(NEW.sku, x''), 1, ifnull(NEW.quantity, 0), ifnull(NEW.total, 0)
    where NEW.status in ('paid', 'shipped') and (ifnull(OLD.status not in ('paid', 'shipped'), true)
        or OLD.sku is not NEW.sku or OLD.quantity is not NEW.quantity or OLD.total is not NEW.total)
    on conflict(sku) do update
    set orders = orders + excluded.orders, quantity = quantity + excluded.quantity, revenue = revenue + excluded.revenue;
end;

create trigger analytics_customer_insert after insert on customers
begin
    insert into analytics_customers_by_tier(loyalty_tier, customers) values (ifnull(NEW.loyalty_tier, x''), 1)
    on conflict(loyalty_tier) do update set customers = customers + 1;
end;

create trigger analytics_customer_delete after delete on customers
begin
    update analytics_customers_by_tier set customers = customers - 1 where loyalty_tier = ifnull(OLD.loyalty_tier, x'');
end;

create trigger analytics_customer_update after update of loyalty_tier on customers
when OLD.loyalty_tier is not NEW.loyalty_tier
begin
    insert into analytics_customers_by_tier(loyalty_tier, customers)
    values (ifnull(OLD.loyalty_tier, x''), -1), (ifnull(NEW.loyalty_tier, x''), 1)
    on conflict(loyalty_tier) do update set customers = customers + excluded.customers;
end;
