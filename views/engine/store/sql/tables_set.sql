insert into _tables(name, truncate_lsn, snapshot_lsn, snapshot_open, snapshot_marked, deleted_lsn, newest_lsn,
    stale_before_ms, snapshot_ts_ms, has_chunks, snapshot_commit, snapshot_ahead, cut_ms, whole_lsn,
    left_out_lsn)
values(:name, :truncate, :snapshot, :open, :marked, :deleted, :newest, :stale_before_ms, :snapshot_ts_ms, :has_chunks,
    :snapshot_commit, :snapshot_ahead, :cut_ms, :whole, :left_out)
on conflict(name) do update set
    truncate_lsn = excluded.truncate_lsn,
    snapshot_lsn = excluded.snapshot_lsn,
    snapshot_open = excluded.snapshot_open,
    snapshot_marked = excluded.snapshot_marked,
    deleted_lsn = excluded.deleted_lsn,
    newest_lsn = excluded.newest_lsn,
    stale_before_ms = excluded.stale_before_ms,
    snapshot_ts_ms = excluded.snapshot_ts_ms,
    has_chunks = excluded.has_chunks,
    snapshot_commit = excluded.snapshot_commit,
    snapshot_ahead = excluded.snapshot_ahead,
    cut_ms = excluded.cut_ms,
    whole_lsn = excluded.whole_lsn,
    left_out_lsn = excluded.left_out_lsn
