-- What to tell customers: one message a kind and order, for ever. An outbox is history: it keeps what a later state of
-- the orders cannot tell, so it is never rebuilt.
-- tidemark: keep email_outbox

create table email_outbox(
    seq integer primary key autoincrement,
    message_id text not null unique,
    kind text not null,
    order_id integer not null,
    customer_id integer,
    "to" text,
    full_name text,
    total decimal(10, 2),
    at text
);

create trigger email_order_insert after insert on orders
when change_snapshot() = 0
begin
    insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at)
    select 'order-' || NEW.id || '-' || what, 'order_' || what, NEW.id, NEW.customer_id, c.email, c.full_name, NEW.total,
        strftime('%Y-%m-%dT%H:%M:%fZ', change_ts_ms() / 1000.0, 'unixepoch')
    from (select 'placed' as what where change_op() = 'c'
        union all select NEW.status where NEW.status in ('paid', 'shipped', 'cancelled'))
    left join customers c on c.id = NEW.customer_id
    where true
    on conflict(message_id) do nothing;
end;

-- A create over a row that is there (a ghost that a snapshot has not swept yet) is an insert all the same.
create trigger email_order_update after update of status on orders
when change_snapshot() = 0 and (change_op() = 'c' or OLD.status is not NEW.status)
begin
    insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at)
    select 'order-' || NEW.id || '-' || what, 'order_' || what, NEW.id, NEW.customer_id, c.email, c.full_name, NEW.total,
        strftime('%Y-%m-%dT%H:%M:%fZ', change_ts_ms() / 1000.0, 'unixepoch')
    from (select 'placed' as what where change_op() = 'c'
        union all select NEW.status where NEW.status in ('paid', 'shipped', 'cancelled'))
    left join customers c on c.id = NEW.customer_id
    where true
    on conflict(message_id) do nothing;
end;
