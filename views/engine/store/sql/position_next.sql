-- A commit of its own beside those that take messages. Each commit counts one: by that a write-ahead log is known as the file's.
update _position set version = version + 1
