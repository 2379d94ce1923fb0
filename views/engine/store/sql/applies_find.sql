select sql
from _applies
where view = :view
