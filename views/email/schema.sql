-- What to tell customers: one message a kind and order, for ever. An outbox is history: it keeps what a later state of
-- the orders cannot tell, so it is never rebuilt.
-- tidemark: keep email_outbox

create table email_outbox(
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
create trigger email_order_insert after insert on orders
when change_snapshot() = 0
begin
    insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-placed', 'order_placed', NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where change_op() = 'c'
    on conflict do nothing;
    insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-' || NEW.status, 'order_' || NEW.status, NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where NEW.status = 'paid' or NEW.status = 'shipped' or NEW.status = 'cancelled'
    on conflict do nothing;
end;

-- A create over a row that is there (a ghost that a snapshot has not swept yet) is an insert all the same.
create trigger email_order_update after update of status on orders
when change_snapshot() = 0 and (OLD.status is not NEW.status or change_op() = 'c')
begin
    insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-placed', 'order_placed', NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where change_op() = 'c'
    on conflict do nothing;
    insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
    select 'order-' || NEW.id || '-' || NEW.status, 'order_' || NEW.status, NEW.id, NEW.customer_id, (select email from customers where id = NEW.customer_id),
        (select full_name from customers where id = NEW.customer_id), NEW.total, change_ts_ms()
    where NEW.status = 'paid' or NEW.status = 'shipped' or NEW.status = 'cancelled'
    on conflict do nothing;
end;
