select (state = 'waiting') + case when :discard then older_dropped else 0 end
from _quarantine
where id = :id
