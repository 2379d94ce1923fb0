insert into _offsets(
    topic, partition, next_offset, deleted_key, newest_ts_ms, snapshot_lsn, snapshot_ms, newest_lsn, newest_source_ms,
    unread)
values(:topic, :partition, :next, :deleted, :newest_ts_ms, :snapshot, :snapshot_ms, :newest_lsn, :newest_source_ms,
    :unread)
on conflict(topic, partition) do update set
    next_offset = excluded.next_offset,
    deleted_key = excluded.deleted_key,
    newest_ts_ms = excluded.newest_ts_ms,
    snapshot_lsn = excluded.snapshot_lsn,
    snapshot_ms = excluded.snapshot_ms,
    newest_lsn = excluded.newest_lsn,
    newest_source_ms = excluded.newest_source_ms,
    unread = excluded.unread
