select r.id, r.quarantined, r.action = 'discard',
    q.state = 'waiting' or (r.action = 'discard' and q.older_dropped > 0), q.overtaken, q.row_key is not null,
    q.value_dropped, q.behind_lsn, q.partition, q."offset", ifnull(q.topic, ''), r.note, q.key, q.value
from _quarantine_requests r left join _quarantine q on q.id = r.quarantined
order by r.id
limit 1
