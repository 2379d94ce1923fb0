-- What a change says first: of an order that is created that it was placed, of any other the status that it came to.
-- A create over a row that is there (a ghost that a snapshot has not swept yet) is an insert all the same.
insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
select 'order-' || o.new_id || '-' || case when o._op = 'c' then 'placed' else o.new_status end,
    case when o._op = 'c' then 'order_placed' else 'order_' || o.new_status end,
    o.new_id, o.new_customer_id, c.email, c.full_name, o.new_total, o._ts_ms
from _changes_orders o left join customers c on c.id = o.new_customer_id
where o._snapshot = 0 and (o._op = 'c' or (o.new_status is not o.old_status
    and (o.new_status = 'paid' or o.new_status = 'shipped' or o.new_status = 'cancelled')))
on conflict do nothing
