insert into _real_sums(view, apply, call)
values(:view, :apply, :call)
