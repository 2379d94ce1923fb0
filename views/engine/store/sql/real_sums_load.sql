select sum
from _real_sum_groups
where call = :call and "group" = :group
