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

-- What one change may say: see apply.outbox.sql. (A list in the statement would be made into a table at each run.)
create table email_turns(turn integer primary key);
insert into email_turns values (1), (2);
