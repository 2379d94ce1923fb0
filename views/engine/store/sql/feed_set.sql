insert into _feed(name, since, wanted_ms) values (:name, :since, :wanted_ms)
on conflict(name) do update set wanted_ms = excluded.wanted_ms;
