-- Makes a file of format 6 one of format 7: see engine.sql.
create index if not exists _carry_wants on _carry("table", key, column) where kind = 'want';
create index if not exists _carry_links on _carry("table", value, column) where kind = 'want';
