select sum(bytes) from _feed_commits;
