select "table", column, kind, lacking
from _fill
order by "table", column
