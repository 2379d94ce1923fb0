-- Two turns a change, so that messages come in the order of the changes: first that an order was placed, then the status
-- that it came to. To the customer as of that change. A create over a row that is there (a ghost that a snapshot has not
-- swept yet) is an insert all the same.
insert or rollback into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
select 'order-' || o.new_id || '-' || iif(t.turn = 1, 'placed', o.new_status),
    'order_' || iif(t.turn = 1, 'placed', o.new_status),
    o.new_id, o.new_customer_id, c.email, c.full_name, o.new_total, o._ts_ms
from _changes_orders o
    cross join email_turns t
    left join _at_customers c on c._step = o._step and c.id = o.new_customer_id
where o._snapshot = 0 and (o._op = 'c' or o.new_status is not o.old_status)
    and iif(t.turn = 1, o._op = 'c', o.new_status = 'paid' or o.new_status = 'shipped' or o.new_status = 'cancelled')
on conflict do nothing
