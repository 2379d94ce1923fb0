select id as order_id, customer_id, sku, quantity
from orders
where status = 'paid' and (:sku is null or sku = :sku)
order by created_at, id
