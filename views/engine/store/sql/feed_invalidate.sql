delete from _feed_commits;
