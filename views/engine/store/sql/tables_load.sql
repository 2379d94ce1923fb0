select name, truncate_lsn, snapshot_lsn, snapshot_open, snapshot_marked, deleted_lsn, newest_lsn,
    stale_before_ms, snapshot_ts_ms, has_chunks
from _tables
