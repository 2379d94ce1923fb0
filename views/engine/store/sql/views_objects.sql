-- Tables and triggers, but for the engine's own.
select sql from sqlite_schema where type in ('table', 'trigger') and name not like '\_%' escape '\'
