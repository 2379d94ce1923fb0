-- The shop's tables with NUMERIC in place of DECIMAL of up to 18 digits: kept as text.
create table orders(
    id bigint primary key,
    customer_id int not null,
    sku text,
    quantity int not null,
    total numeric(30, 2) not null,
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
    unit_price numeric(30, 2) not null,
    updated_at timestamp not null
);

create table points(
    order_id bigint,
    customer_id int,
    points int not null,
    reason text,
    primary key(order_id, customer_id)
);
