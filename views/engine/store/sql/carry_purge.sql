delete from _carry
where ts_ms < :before_ms
returning kind = 'want', key, "table", column
