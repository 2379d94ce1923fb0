insert into _position(id, version, transactional, applied_total, offsets)
values(1, 0, 0, 0, '{}')
