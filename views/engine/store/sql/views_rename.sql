-- A hash that none has: it is made anew under its new name.
update _views set name = :new, hash = ''
where name = :old
