select substr(name, length('astray:') + 1), value from _meta where substr(name, 1, length('astray:')) = 'astray:'
