-- What it says besides: an order may be created with a status that is told.
insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
select 'order-' || o.new_id || '-' || o.new_status, 'order_' || o.new_status,
    o.new_id, o.new_customer_id, c.email, c.full_name, o.new_total, o._ts_ms
from _changes_orders o left join customers c on c.id = o.new_customer_id
where o._op = 'c' and o._snapshot = 0
    and (o.new_status = 'paid' or o.new_status = 'shipped' or o.new_status = 'cancelled')
on conflict do nothing
