select topic, partition, next_offset, deleted_key, newest_ts_ms
from _offsets
