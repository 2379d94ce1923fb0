delete from _transactions
where lsn < :lsn
