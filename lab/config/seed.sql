-- The shop's database. One rule holds in every transaction that the lab's shops run, so that a torn answer shows:
-- sum(inventory.reserved) = sum(orders.quantity) of the orders with a sku that are pending or paid.
create table customers(
    id serial primary key,
    email text not null,
    full_name text not null,
    loyalty_tier text,
    marketing_opt_in boolean not null default true,
    created_at timestamptz not null default now(),
    bio text
);
-- out of line and not compressed: an update that leaves it alone sends a placeholder instead of the value
alter table customers alter column bio set storage external;

create table inventory(
    sku text primary key,
    description text not null,
    on_hand int not null,
    reserved int not null default 0,
    unit_price numeric(10, 2) not null,
    updated_at timestamp not null default now()
);

create table orders(
    id bigint primary key,
    customer_id int not null,
    sku text,
    quantity int not null default 1,
    total numeric(10, 2) not null,
    status text not null default 'pending',
    placed_on date default current_date,
    notes text,
    meta jsonb,
    created_at timestamptz not null default now()
);
alter table orders replica identity full;

create table points(
    order_id bigint,
    customer_id int,
    points int not null,
    reason text,
    primary key(order_id, customer_id)
);

-- the connector's own: rows inserted here ask it for things, an incremental snapshot for one
create table dbz_signal(id varchar(64) primary key, type varchar(32) not null, data varchar(2048));

insert into customers(email, full_name, loyalty_tier)
select 'c' || g || '@example.com', 'Customer ' || g, case when g % 3 = 0 then 'gold' end
from generate_series(1, 20) g;
update customers set bio = repeat('b', 3000) where id in (2, 4);

insert into inventory(sku, description, on_hand, unit_price)
select 'SKU-' || g, 'Item ' || g, 100, 9.99 * g from generate_series(1, 24) g;

insert into orders(id, customer_id, sku, total, status)
values (5001, 1, 'SKU-1', 42.00, 'pending'), (5002, 2, 'SKU-2', 19.98, 'paid');
update inventory set reserved = 1 where sku in ('SKU-1', 'SKU-2');
