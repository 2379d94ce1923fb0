select (select max(version) from _feed_commits) is (select version from _position where id = 1);
