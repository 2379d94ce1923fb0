create temp table before as select name from sqlite_schema
