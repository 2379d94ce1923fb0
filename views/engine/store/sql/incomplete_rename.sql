update or replace _meta set name = substr(name, 1, instr(name, ':')) || :new
where name in ('incomplete:' || :old, 'astray:' || :old)
