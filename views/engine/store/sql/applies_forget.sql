delete from _applies
where view = :view
