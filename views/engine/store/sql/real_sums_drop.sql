delete from _real_sums
where view = :view
