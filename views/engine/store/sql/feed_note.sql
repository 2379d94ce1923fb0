insert or ignore into _feed_commits(version, hash, at_ms) values (:version, :hash, :at_ms);
