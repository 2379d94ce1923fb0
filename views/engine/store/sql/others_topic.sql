select substr(name, length('left_out:') + 1) from _meta where substr(name, 1, length('left_out:')) = 'left_out:' order by name limit 1
