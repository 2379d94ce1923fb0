select 1 from _offsets where topic = :topic and partition = :partition and next_offset < :next_offset
