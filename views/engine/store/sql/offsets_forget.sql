delete from _offsets
where topic = :topic
