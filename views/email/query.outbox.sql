-- tidemark: after is integer
-- The customer's row may arrive after the order's where topics are not merged by transaction: then it is looked up now.
select o.seq, o.message_id, o.kind, o.order_id, o.customer_id, coalesce(o."to", c.email) as "to",
    coalesce(o.full_name, c.full_name) as full_name, o.total,
    strftime('%Y-%m-%dT%H:%M:%fZ', o.at_ms / 1000.0, 'unixepoch') as at
from email_outbox o left join customers c on c.id = o.customer_id
where o.seq > coalesce(:after, 0)
order by o.seq
