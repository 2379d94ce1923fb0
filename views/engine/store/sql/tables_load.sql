select name, truncate_lsn, snapshot_lsn, snapshot_open, snapshot_marked, deleted_lsn, newest_lsn
from _tables
