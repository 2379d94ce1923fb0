-- The tables of the built-in views kept the other way, by triggers, row by row: rows_NAME equals NAME after every commit.
-- tidemark: keep rows_email_outbox

create table rows_analytics_orders_by_status(
    status text primary key,
    orders integer not null,
    total decimal(18, 2) not null
) without rowid;

-- of orders paid or shipped
create table rows_analytics_revenue_by_day(
    placed_on text primary key,
    orders integer not null,
    revenue decimal(18, 2) not null
) without rowid;

-- of orders paid or shipped
create table rows_analytics_top_skus(
    sku text primary key,
    orders integer not null,
    quantity integer not null,
    revenue decimal(18, 2) not null
) without rowid;

create table rows_analytics_customers_by_tier(
    loyalty_tier text primary key,
    customers integer not null
) without rowid;

create trigger rows_analytics_order_insert after insert on orders
begin
    insert into rows_analytics_orders_by_status(status, orders, total)
    values (ifnull(NEW.status, x''), 1, ifnull(NEW.total, 0))
    on conflict(status) do update set orders = orders + 1, total = total + excluded.total;

    insert into rows_analytics_revenue_by_day(placed_on, orders, revenue)
    select ifnull(NEW.placed_on, x''), 1, ifnull(NEW.total, 0) where NEW.status in ('paid', 'shipped')
    on conflict(placed_on) do update set orders = orders + 1, revenue = revenue + excluded.revenue;

    insert into rows_analytics_top_skus(sku, orders, quantity, revenue)
    select ifnull(NEW.sku, x''), 1, ifnull(NEW.quantity, 0), ifnull(NEW.total, 0)
    where NEW.status in ('paid', 'shipped')
    on conflict(sku) do update
    set orders = orders + 1, quantity = quantity + excluded.quantity, revenue = revenue + excluded.revenue;
end;

create trigger rows_analytics_order_delete after delete on orders
begin
    update rows_analytics_orders_by_status set orders = orders - 1, total = total - ifnull(OLD.total, 0)
    where status = ifnull(OLD.status, x'');

    update rows_analytics_revenue_by_day set orders = orders - 1, revenue = revenue - ifnull(OLD.total, 0)
    where placed_on = ifnull(OLD.placed_on, x'') and OLD.status in ('paid', 'shipped');

    update rows_analytics_top_skus
    set orders = orders - 1, quantity = quantity - ifnull(OLD.quantity, 0), revenue = revenue - ifnull(OLD.total, 0)
    where sku = ifnull(OLD.sku, x'') and OLD.status in ('paid', 'shipped');
end;

-- An order that goes from paid to shipped counts as before: nothing is written for it but its status.
create trigger rows_analytics_order_update after update of status, total, placed_on, sku, quantity on orders
when OLD.status is not NEW.status or OLD.total is not NEW.total or OLD.placed_on is not NEW.placed_on
    or OLD.sku is not NEW.sku or OLD.quantity is not NEW.quantity
begin
    insert into rows_analytics_orders_by_status(status, orders, total)
    values (ifnull(OLD.status, x''), -1, -ifnull(OLD.total, 0)), (ifnull(NEW.status, x''), 1, ifnull(NEW.total, 0))
    on conflict(status) do update set orders = orders + excluded.orders, total = total + excluded.total;

    insert into rows_analytics_revenue_by_day(placed_on, orders, revenue)
    select ifnull(OLD.placed_on, x''), -1, -ifnull(OLD.total, 0) where OLD.status in ('paid', 'shipped')
        and (ifnull(NEW.status not in ('paid', 'shipped'), true)
            or OLD.placed_on is not NEW.placed_on or OLD.total is not NEW.total)
    union all
    select ifnull(NEW.placed_on, x''), 1, ifnull(NEW.total, 0) where NEW.status in ('paid', 'shipped')
        and (ifnull(OLD.status not in ('paid', 'shipped'), true)
            or OLD.placed_on is not NEW.placed_on or OLD.total is not NEW.total)
    on conflict(placed_on) do update set orders = orders + excluded.orders, revenue = revenue + excluded.revenue;

    insert into rows_analytics_top_skus(sku, orders, quantity, revenue)
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

create trigger rows_analytics_customer_insert after insert on customers
begin
    insert into rows_analytics_customers_by_tier(loyalty_tier, customers) values (ifnull(NEW.loyalty_tier, x''), 1)
    on conflict(loyalty_tier) do update set customers = customers + 1;
end;

create trigger rows_analytics_customer_delete after delete on customers
begin
    update rows_analytics_customers_by_tier set customers = customers - 1 where loyalty_tier = ifnull(OLD.loyalty_tier, x'');
end;

create trigger rows_analytics_customer_update after update of loyalty_tier on customers
when OLD.loyalty_tier is not NEW.loyalty_tier
begin
    insert into rows_analytics_customers_by_tier(loyalty_tier, customers)
    values (ifnull(OLD.loyalty_tier, x''), -1), (ifnull(NEW.loyalty_tier, x''), 1)
    on conflict(loyalty_tier) do update set customers = customers + excluded.customers;
end;

create table rows_warehouse_to_ship(
    sku text primary key,
    quantity integer not null
) without rowid;

create trigger rows_warehouse_order_insert after insert on orders
when NEW.status = 'paid' and NEW.sku is not null
begin
    insert into rows_warehouse_to_ship(sku, quantity) values (NEW.sku, coalesce(NEW.quantity, 0))
    on conflict(sku) do update set quantity = quantity + excluded.quantity;
end;

create trigger rows_warehouse_order_delete after delete on orders
when OLD.status = 'paid' and OLD.sku is not null
begin
    update rows_warehouse_to_ship set quantity = quantity - coalesce(OLD.quantity, 0) where sku = OLD.sku;
end;

create trigger rows_warehouse_order_update after update of status, sku, quantity on orders
when (OLD.status = 'paid' or NEW.status = 'paid')
    and (OLD.status is not NEW.status or OLD.sku is not NEW.sku or OLD.quantity is not NEW.quantity)
begin
    update rows_warehouse_to_ship set quantity = quantity - coalesce(OLD.quantity, 0) where sku = OLD.sku and OLD.status = 'paid';
    insert into rows_warehouse_to_ship(sku, quantity)
    select NEW.sku, coalesce(NEW.quantity, 0) where NEW.status = 'paid' and NEW.sku is not null
    on conflict(sku) do update set quantity = quantity + excluded.quantity;
end;

create table rows_loyalty_balance(
    customer_id integer primary key,
    points integer not null,
    orders integer not null
);

create trigger rows_loyalty_points_insert after insert on points
begin
    insert into rows_loyalty_balance(customer_id, points, orders) values (NEW.customer_id, coalesce(NEW.points, 0), 1)
    on conflict(customer_id) do update set points = points + excluded.points, orders = orders + 1;
end;

create trigger rows_loyalty_points_delete after delete on points
begin
    update rows_loyalty_balance set points = points - coalesce(OLD.points, 0), orders = orders - 1 where customer_id = OLD.customer_id;
    delete from rows_loyalty_balance where customer_id = OLD.customer_id and orders = 0;
end;

create trigger rows_loyalty_points_update after update of points on points
when OLD.points is not NEW.points
begin
    update rows_loyalty_balance set points = points + coalesce(NEW.points, 0) - coalesce(OLD.points, 0) where customer_id = NEW.customer_id;
end;

create table rows_email_outbox(
    seq integer primary key,
    message_id text not null, -- order-5001-placed: what a mailer deduplicates by
    kind text not null,
    order_id integer not null,
    customer_id integer,
    "to" text,
    full_name text,
    total decimal(10, 2),
    at_ms integer, -- commit time at the source
    unique(order_id, kind)
);

-- The triggers run for every order: no subquery in FROM and no long IN list, either would build a table each time.
create trigger rows_email_order_insert after insert on orders
when change_snapshot() = 0
begin
    insert into rows_email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-placed', 'order_placed', NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where change_op() = 'c'
    on conflict do nothing;
    insert into rows_email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-' || NEW.status, 'order_' || NEW.status, NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where NEW.status = 'paid' or NEW.status = 'shipped' or NEW.status = 'cancelled'
    on conflict do nothing;
end;

-- A create over a row that is there (a ghost that a snapshot has not swept yet) is an insert all the same.
create trigger rows_email_order_update after update of status on orders
when change_snapshot() = 0 and (OLD.status is not NEW.status or change_op() = 'c')
begin
    insert into rows_email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-placed', 'order_placed', NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where change_op() = 'c'
    on conflict do nothing;
    insert into rows_email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-' || NEW.status, 'order_' || NEW.status, NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where NEW.status = 'paid' or NEW.status = 'shipped' or NEW.status = 'cancelled'
    on conflict do nothing;
end;
