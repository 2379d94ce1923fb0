update _quarantine set "table" = :new
where "table" = :old
