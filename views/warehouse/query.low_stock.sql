-- tidemark: below is number
select sku, description, on_hand, reserved, available, to_ship
from warehouse_stock
where available < coalesce(:below, 10)
order by available, sku
