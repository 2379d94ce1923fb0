select nullif(sku, x'') as sku, quantity, revenue
from analytics_top_skus
where orders > 0
order by revenue desc, sku
