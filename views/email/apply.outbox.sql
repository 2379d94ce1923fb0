-- Messages come in the order of the changes, and of one change first that an order was placed, then the status that it came
-- to. To the customer as of that change. A create over a row that is there (a ghost that a snapshot has not swept yet) is an
-- insert all the same. What a change tells is looked up by one number, which is NULL where it tells nothing, so that no more is
-- done for it: each naming of a column is a call. once() needs a kind, so the look-up stands before it.
insert or rollback into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
select 'order-' || o.new_id || k.ending, k.kind, o.new_id, o.new_customer_id, c.email, c.full_name, o.new_total, o._ts_ms
from _changes_orders o
    cross join email_kinds k on k.change =
        case when o._snapshot then null when o._op = 'c' then 4 when o.new_status is not o.old_status then 0 end
        + case o.new_status when 'paid' then 1 when 'shipped' then 2 when 'cancelled' then 3 else 0 end
    left join _at_customers c on c._step = o._step and c.id = o.new_customer_id
where once('email_outbox', 'order_id', 'kind', o.new_id, k.kind)
