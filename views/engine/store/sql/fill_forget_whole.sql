delete from _fill
where lacking = 0
