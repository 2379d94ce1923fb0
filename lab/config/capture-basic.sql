-- capture.sh's scenario basic: each kind of event once, in an order that is easy to follow.
-- one transaction over three tables
begin; insert into orders(id,customer_id,sku,quantity,total,status) values (5003,3,'SKU-3',2,59.94,'pending'); update inventory set reserved=reserved+2, updated_at=now() where sku='SKU-3'; update customers set loyalty_tier='silver' where id=3; commit;
update orders set status='paid' where id=5001;
begin; update orders set status='shipped' where id=5001; update inventory set on_hand=on_hand-1 where sku='SKU-1'; commit;
update orders set status='cancelled' where id=5002;
delete from orders where id=5002;
-- primary key change
update orders set id=5999 where id=5003;
-- toast
insert into orders(id,customer_id,sku,total,notes,meta) values (5004,4,'SKU-4',10.00,(select string_agg(md5(g::text),'') from generate_series(1,400) g),'{"gift":true,"tags":["a","b"]}');
update customers set full_name='Zoë "Quote" O''Brien — 日本語 🚚' where id=4;
-- toast on a table without full identity
insert into customers(email,full_name,bio) values('toast@example.com','Toasty',repeat('x',9000));
update customers set loyalty_tier='gold' where email='toast@example.com';
-- no-op tx, rollback (phantom in a dual write)
begin; insert into orders(id,customer_id,total) values (6666,1,1.00); rollback;
-- big numbers and odd values
insert into orders(id,customer_id,sku,total,placed_on) values (9007199254740993,1,'SKU-1',99999999.99,null);
insert into orders(id,customer_id,sku,total,placed_on,created_at) values (5005,1,null,0.10,'1969-12-31','infinity');
-- points table (loyalty exercise)
begin; update orders set status='paid' where id=5999; insert into points values (5999,3,59,'order paid'); commit;
update points set points=60 where order_id=5999;
-- schema evolution
alter table orders add column coupon text; insert into orders(id,customer_id,total,coupon) values (5006,2,5.55,'WELCOME');
alter table orders drop column coupon; insert into orders(id,customer_id,total) values (5007,2,6.66);
-- delete and re-insert the same key
delete from customers where id=5; insert into customers(id,email,full_name) values (5,'back@example.com','Back Again');
-- truncate
truncate points;
insert into points values (5001,1,42,'order paid');
-- a large value carried over a key change
update customers set id = 400 where id = 4;
update customers set loyalty_tier = 'gold' where id = 400;
update orders set status = 'shipped' where id = 5999;
-- a logical message, and an incremental snapshot asked for by a signal
select pg_logical_emit_message(true, 'audit', 'hello');
insert into dbz_signal values ('s1', 'execute-snapshot', '{"data-collections": ["public.orders"], "type": "incremental"}');
