-- What tests/lab/large.py's transactions wrote: as many rows in the one table as in the other, or half of a transaction is
-- shown.
select (select count(*) from customers where id < 0) as customers, (select count(*) from orders where id < 0) as orders
