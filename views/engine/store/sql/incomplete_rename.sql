update or replace _meta set name = 'incomplete:' || :new
where name = 'incomplete:' || :old
