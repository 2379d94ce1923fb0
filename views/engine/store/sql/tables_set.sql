insert into _tables(name, truncate_lsn, snapshot_lsn, snapshot_open, snapshot_marked, deleted_lsn, newest_lsn,
    stale_before_ms, snapshot_ts_ms, has_chunks)
values(:name, :truncate, :snapshot, :open, :marked, :deleted, :newest, :stale_before_ms, :snapshot_ts_ms, :has_chunks)
on conflict(name) do update set
    truncate_lsn = excluded.truncate_lsn,
    snapshot_lsn = excluded.snapshot_lsn,
    snapshot_open = excluded.snapshot_open,
    snapshot_marked = excluded.snapshot_marked,
    deleted_lsn = excluded.deleted_lsn,
    newest_lsn = excluded.newest_lsn,
    stale_before_ms = excluded.stale_before_ms,
    snapshot_ts_ms = excluded.snapshot_ts_ms,
    has_chunks = excluded.has_chunks
