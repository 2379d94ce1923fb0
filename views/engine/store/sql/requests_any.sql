select exists(select 1 from _quarantine_requests)
