select sku, orders, total from sold_by_sku where orders > 0 order by sku
