select truncate_lsn, stale_before_ms
from fill._tables
where name = :table
