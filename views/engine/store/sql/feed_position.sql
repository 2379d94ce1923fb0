select version, offsets from _position where id = 1;
