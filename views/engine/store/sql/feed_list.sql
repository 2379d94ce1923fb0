select name, wanted_ms from _feed order by name;
