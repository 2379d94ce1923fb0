delete from _carry
where ts_ms < :before_ms
