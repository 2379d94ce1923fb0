create table if not exists _feed(name text primary key, since integer not null, wanted_ms integer not null) without rowid;
-- the commits whose images the feeds have, but for the oldest: `hash` is that of the position (hash_position)
create table if not exists _feed_commits(
    version integer primary key,
    hash integer not null,
    at_ms integer not null,
    bytes integer not null default 0
);
