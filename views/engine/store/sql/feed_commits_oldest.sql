select version, at_ms, bytes from _feed_commits order by version;
