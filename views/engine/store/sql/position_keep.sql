-- A commit that takes no message: all that is said of the log stays.
update _position set version = version + 1, quarantined = :quarantined
