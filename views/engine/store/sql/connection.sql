-- The journal mode cannot change within a transaction. wal_batch_start sets `synchronous`.
pragma journal_mode = wal;
pragma cache_size = -5120; -- KiB
pragma secure_delete = off
