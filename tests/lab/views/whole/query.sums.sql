select coalesce((select sum(reserved) from inventory), 0) as reserved,
 coalesce((select sum(quantity) from orders where status in ('pending', 'paid') and sku is not null), 0) as ordered
