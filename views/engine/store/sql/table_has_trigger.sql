select exists(
    select 1 from sqlite_schema
    where type = 'trigger' and tbl_name = :table collate nocase
)
