-- how this SQLite writes REALs as text: 15 digits, 17 since 3.52
select cast(0.1 as text) || ' ' || cast(0.1 + 0.2 as text) || ' ' || cast(1.0 / 3 as text) || ' ' || cast(1e23 as text)
    || ' ' || cast(4.35 * 100 as text) || ' ' || cast(9007199254740993.0 as text) || ' ' || cast(1e15 as text);
