update _tables set name = :new
where name = :old
