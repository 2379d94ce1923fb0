select sku, quantity, revenue
from analytics_top_skus
order by revenue desc, sku
