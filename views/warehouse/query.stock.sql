select sku, description, on_hand, reserved, available, to_ship
from warehouse_stock
where :sku is null or sku = :sku
order by sku
