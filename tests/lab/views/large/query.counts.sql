-- What tests/lab/large.py's transactions wrote: as many rows in the one table as in the other, or half of a transaction is shown.
select
    (select count(*) from customers where id >= 10000000) as customers,
    (select count(*) from points where order_id >= 10000000) as points
