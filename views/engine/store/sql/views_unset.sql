update _views
set hash = ''
where name = :view
