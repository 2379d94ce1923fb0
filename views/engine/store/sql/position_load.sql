select sequenced_lsn, sequenced_ts_ms, torn
from _position
