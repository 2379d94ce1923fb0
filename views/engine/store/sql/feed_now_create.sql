create temp table if not exists _feed_now(version integer not null);
insert into temp._feed_now(version) select 0 where not exists (select 1 from temp._feed_now);
