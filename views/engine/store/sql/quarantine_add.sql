insert into _quarantine(topic, partition, "offset", key, value, reason, at_ms)
values(:topic, :partition, :offset, :key, :value, :reason, :at_ms)
