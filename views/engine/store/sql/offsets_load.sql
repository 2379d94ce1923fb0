select
    topic, partition, next_offset, deleted_key, newest_ts_ms, snapshot_lsn, snapshot_ms, newest_lsn, newest_source_ms,
    unread, exists(select 1 from _meta where name = 'left_out:' || topic)
from _offsets
