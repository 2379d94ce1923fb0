insert into _timelines(since_ts_ms)
values(:since)
on conflict do nothing
