-- tidemark: customer_id is integer
select b.customer_id, c.full_name, b.points, b.orders
from loyalty_balance b left join customers c on c.id = b.customer_id
where b.orders > 0 and (:customer_id is null or b.customer_id = :customer_id)
order by b.customer_id
