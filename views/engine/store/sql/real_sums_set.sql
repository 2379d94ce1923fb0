insert into _real_sum_groups(call, "group", sum)
values(:call, :group, :sum)
on conflict(call, "group") do update set sum = excluded.sum
