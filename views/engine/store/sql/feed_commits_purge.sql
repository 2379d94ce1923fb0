delete from _feed_commits where version <= :version;
