insert into _offsets(topic, partition, next_offset, deleted_key, newest_ts_ms)
values(:topic, :partition, :next, :deleted, :newest_ts_ms)
on conflict(topic, partition) do update set
    next_offset = excluded.next_offset,
    deleted_key = excluded.deleted_key,
    newest_ts_ms = excluded.newest_ts_ms
