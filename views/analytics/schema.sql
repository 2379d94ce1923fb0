-- Aggregates, each kept by the apply statement of its name: each query here equals the same GROUP BY over the mirror
-- after every commit.
--
-- Group keys may be NULL, which a primary key cannot hold: x'' stands for it. A group whose last row is gone stays with
-- a count of 0, which no query shows. A measure that an event lacked counts as sum() counts it: not at all.

create table analytics_orders_by_status(
    status text primary key,
    orders integer,
    total decimal(18, 2)
) without rowid;

-- of orders paid or shipped
create table analytics_revenue_by_day(
    placed_on text primary key,
    orders integer,
    revenue decimal(18, 2)
) without rowid;

-- of orders paid or shipped
create table analytics_top_skus(
    sku text primary key,
    orders integer,
    quantity integer,
    revenue decimal(18, 2)
) without rowid;

create table analytics_customers_by_tier(
    loyalty_tier text primary key,
    customers integer
) without rowid;
