-- Points by customer. One whose last row is gone stays with 0 orders, which no query shows.
create table loyalty_balance(
    customer_id integer primary key,
    points integer,
    orders integer
);
