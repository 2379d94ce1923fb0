select name, truncate_lsn, snapshot_lsn, snapshot_open, snapshot_marked, deleted_lsn, newest_lsn,
    stale_before_ms, snapshot_ts_ms, has_chunks, snapshot_commit, snapshot_ahead, cut_ms, whole_lsn, left_out_lsn
from _tables
