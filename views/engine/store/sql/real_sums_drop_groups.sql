delete from _real_sum_groups
where call in (select id from _real_sums where view = :view)
