update _feed_commits set bytes = :bytes where version = :version;
