insert into _quarantine(topic, partition, "offset", reason, at_ms, "table", row_key, lsn, behind_lsn, key, value)
values(:topic, :partition, :offset, :reason, :at_ms, :table, :row_key, :lsn, :behind, :key, :value)
