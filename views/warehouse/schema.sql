-- What to pack and what is left on the shelf.

-- Oldest paid orders first, without reading the others.
create index warehouse_paid on orders(created_at, id) where status = 'paid';

-- Quantity of paid orders by sku, kept by apply.to_ship.sql. An order without a sku packs nothing.
create table warehouse_to_ship(
    sku text primary key,
    quantity integer
) without rowid;

create view warehouse_stock as
select i.sku as sku, i.description as description, i.on_hand as on_hand, i.reserved as reserved,
    i.on_hand - i.reserved as available, coalesce(s.quantity, 0) as to_ship
from inventory i left join warehouse_to_ship s on s.sku = i.sku;
