-- The rows are known by another key.
update _quarantine set row_key = null
where "table" = :table
