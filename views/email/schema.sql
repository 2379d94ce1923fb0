-- What to tell customers: one message a kind and order, for ever; apply.outbox.sql sees to it by once(). An outbox is
-- history: it keeps what a later state of the orders cannot tell, so it is never rebuilt.
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
    at_ms integer -- commit time at the source
);

-- What a change tells, in this order: see apply.outbox.sql. `change` is 4 for a new order, and more by the status that it
-- came to: 1 paid, 2 shipped, 3 cancelled.
create table email_kinds(change integer, turn integer, ending text, kind text, primary key(change, turn)) without rowid;
insert into email_kinds values
    (1, 2, '-paid', 'order_paid'), (2, 2, '-shipped', 'order_shipped'), (3, 2, '-cancelled', 'order_cancelled'),
    (4, 1, '-placed', 'order_placed'), (5, 1, '-placed', 'order_placed'), (6, 1, '-placed', 'order_placed'),
    (7, 1, '-placed', 'order_placed'), (5, 2, '-paid', 'order_paid'), (6, 2, '-shipped', 'order_shipped'),
    (7, 2, '-cancelled', 'order_cancelled');
