-- The mirrored tables, as the source declares them (PostgreSQL type names). The engine keeps one row per source row
-- under the same names and adds its own columns, which begin with "_". Declared types decide how values are stored:
-- see README.md in this folder.
create table orders(
    id bigint primary key,
    customer_id int not null,
    sku text,
    quantity int not null,
    total decimal(10, 2) not null,
    status text not null,
    placed_on date,
    notes text,
    meta jsonb,
    created_at timestamptz not null
);

create table customers(
    id int primary key,
    email text not null,
    full_name text not null,
    loyalty_tier text,
    marketing_opt_in boolean not null,
    created_at timestamptz not null,
    bio text
);

create table inventory(
    sku text primary key,
    description text not null,
    on_hand int not null,
    reserved int not null,
    unit_price decimal(10, 2) not null,
    updated_at timestamp not null
);

create table points(
    order_id bigint,
    customer_id int,
    points int not null,
    reason text,
    primary key(order_id, customer_id)
);
