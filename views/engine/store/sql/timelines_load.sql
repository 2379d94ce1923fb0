select since_ts_ms
from _timelines
order by since_ts_ms
