select 'view', name, schema
from _views
order by name
