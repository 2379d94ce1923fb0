select truncate_lsn, deleted_lsn, stale_before_ms, has_chunks
from fill._tables
where name = :table
