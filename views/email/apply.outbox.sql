-- A create over a row that is there (a ghost that a snapshot has not swept yet) is an insert all the same. An order that
-- is created paid was placed first.
insert into email_outbox(message_id, kind, order_id, customer_id, "to", full_name, total, at_ms)
select 'order-' || o.new_id || '-' || ifnull(w.placed, o.new_status), 'order_' || ifnull(w.placed, o.new_status),
    o.new_id, o.new_customer_id, c.email, c.full_name, o.new_total, o._ts_ms
from _changes_orders o
    cross join (select 'placed' as placed union all select null) w
    left join customers c on c.id = o.new_customer_id
where o._snapshot = 0 and (o._op = 'c' or o.new_status is not o.old_status)
    and case when w.placed is not null then o._op = 'c'
        else o.new_status = 'paid' or o.new_status = 'shipped' or o.new_status = 'cancelled' end
on conflict do nothing
