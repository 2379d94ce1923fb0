-- What to pack and what is left on the shelf.

-- Oldest paid orders first, without reading the others.
create index warehouse_paid on orders(created_at, id) where status = 'paid';

-- Quantity of paid orders by sku, kept by the triggers below. An order without a sku packs nothing.
create table warehouse_to_ship(
    sku text primary key,
    quantity integer not null
) without rowid;

create trigger warehouse_order_insert after insert on orders
when NEW.status = 'paid' and NEW.sku is not null
begin
    insert into warehouse_to_ship(sku, quantity) values (NEW.sku, coalesce(NEW.quantity, 0))
    on conflict(sku) do update set quantity = quantity + excluded.quantity;
end;

create trigger warehouse_order_delete after delete on orders
when OLD.status = 'paid' and OLD.sku is not null
begin
    update warehouse_to_ship set quantity = quantity - coalesce(OLD.quantity, 0) where sku = OLD.sku;
end;

create trigger warehouse_order_update after update of status, sku, quantity on orders
when (OLD.status = 'paid' or NEW.status = 'paid')
    and (OLD.status is not NEW.status or OLD.sku is not NEW.sku or OLD.quantity is not NEW.quantity)
begin
    update warehouse_to_ship set quantity = quantity - coalesce(OLD.quantity, 0) where sku = OLD.sku and OLD.status = 'paid';
    insert into warehouse_to_ship(sku, quantity)
    select NEW.sku, coalesce(NEW.quantity, 0) where NEW.status = 'paid' and NEW.sku is not null
    on conflict(sku) do update set quantity = quantity + excluded.quantity;
end;

create view warehouse_stock as
select i.sku as sku, i.description as description, i.on_hand as on_hand, i.reserved as reserved,
    i.on_hand - i.reserved as available, coalesce(s.quantity, 0) as to_ship
from inventory i left join warehouse_to_ship s on s.sku = i.sku;
