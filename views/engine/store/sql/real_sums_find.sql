select id
from _real_sums
where view = :view and apply = :apply and call = :call
