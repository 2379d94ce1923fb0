update temp._feed_now set version = :version;
