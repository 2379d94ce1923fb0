insert into numbers
select g, g, -g, g * 1000000007::bigint, g * 1.1, g / 7.0, g * 1e-5::numeric, g / 3.0, g / 7.0::float8, (g * 12.34)::numeric::money, g * 100, g, g % 2 = 0,
    (g % 2)::int::bit(1), g::int::bit(12), case when g % 2 = 0 then B'00101' else B'1' end
from generate_series(1, 300) g;
insert into numbers values
    (1001, -32768, -2147483648, -9223372036854775808, -99999999.99, -0.0000000001, 'NaN', 'NaN', 'NaN', '-1,234.56', -1, 4294967295, null, null, null, null),
    (1002, 32767, 2147483647, 9223372036854775807, 0, 12345678901234567890.0123456789, 'Infinity', 'Infinity', '-Infinity', '0', 0, 0, true, B'1', B'111111111111', B''),
    (1003, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
    (1004, 0, 0, 0, 0.10, 0.1000000000, 1e30, '-0', '-0', '9223372036854.07', 0, 1, false, B'0', B'000000000000', B'00000000000000000000'),
    (1005, 1, 1, 1, 1, 1, 1.50000, 3.4028235e38, 1.7976931348623157e308, '-0.01', 0, 1, false, B'0', B'000000000001', B'1'),
    (1006, 1, 1, 1, 1, 1, 123456789012345678901234567890.123456789, 1e-45, 5e-324, '1', 0, 1, false, B'0', B'000000000001', B'1');
insert into times
select g, date '2000-01-01' + g, time '00:00:00' + g * interval '1.234567 s', time '01:02:03.004' + g * interval '1 ms', timetz '10:00:00.5+02',
    timestamp '2026-01-01 00:00:00' + g * interval '1 hour 0.000001 s', timestamp '2026-01-01' + g * interval '1 ms',
    timestamptz '2026-01-01 00:00:00+00' + g * interval '1 day 0.1 s', make_interval(months => g, days => -g, secs => g * 1.5)
from generate_series(1, 300) g;
insert into times values
    (1001, 'infinity', '23:59:59.999999', '23:59:59.999', '23:59:59.999999-11:30', 'infinity', 'infinity', 'infinity', '1 year 2 mons 3 days 04:05:06.789'),
    (1002, '-infinity', '00:00:00', '00:00:00', '00:00:00+14', '-infinity', '-infinity', '-infinity', '-00:00:00.000001'),
    (1003, null, null, null, null, null, null, null, null),
    (1004, '9999-12-31', '24:00:00', '12:00:00', '12:00:00+00', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.999999+00', '0'),
    (1005, '12345-06-07', '12:00:00.1', '12:00:00.1', '12:00:00.1+05:45', '2045-06-07 08:09:10', '1969-12-31 23:59:59.999', '12345-06-07 08:09:10+00', '178 years'),
    (1006, '1900-01-01', '12:00', '12:00', '12:00+01', '1900-01-01', '1900-01-01', '1900-01-01', '-1 mon +1 day -1 hour');
insert into texts
select g, 'text ' || g, 'v' || g, 'p' || g, 'x', 'label' || g, 'CaSe' || g, (array['calm', 'glad'])[1 + g % 2]::mood, md5(g::text)::uuid,
    ('{"b": ' || g || ', "a":[1.0,2.50,"x"]}')::json, jsonb_build_object('n', g, 'list', array[1, 2], 'long_key', 'v'), decode(md5(g::text), 'hex'),
    ('a.b' || g)::ltree, hstore(array['k', 'longer', 'a'], array[g::text, 'v"q', null]), '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', ('<a n="' || g || '"/>')::xml,
    to_tsvector('simple', 'word' || g || ' other'), int4range(g, g + 5), tstzrange('2026-01-01 00:00:00+00', '2026-02-01 12:30:00.5+00'),
    nummultirange(numrange(1.5, 2), numrange(3, 4)), point(g, g / 4.0)
from generate_series(1, 300) g;
insert into texts(id, plain, bounded, padded, folded, doc, docb, raw, host, ints, moments, spot) values
    (1001, '', '', '', '', '{}', '[]', '', '::1/64', 'empty', 'empty', '(0,0)'),
    (1002, E'tab\tquote" back\\ nul-less \u00e9 \U0001F600 line\nend', 'ä', 'ä', 'Ä', '[ 1 , 2.0e3 , {"x" : null} ]', '{"a": {"b": [true, false, null, 1.10, 12345678901234567890.5]}}', '\x00ff', '192.168.1.5/24', '(,5]', '[2026-01-01 00:00:00+05:30,)', '(1e10,-0.5)'),
    (1003, null, null, null, null, null, null, null, null, null, null, null);
insert into arrays
select g, array[g, null, -g], array[g * 1.10, 2], array[g / 3.0, 1e300, 'NaN'], array['a"b', 'ü', null, 'x\y', ''], array[true, false, null],
    array[md5(g::text)::uuid], array[date '2026-01-01' + g, 'infinity'], array[timestamp '2026-01-01 00:00:00.5' + g * interval '1 us'],
    array[timestamptz '2026-01-01 00:00:00+00'], array[decode(md5(g::text), 'hex')],
    array[inet '10.0.0.1', '10.0.0.0/8', '::1', null], array[hstore(array['k', 'a'], array[g::text, 'v"q']), 'b=>NULL'::hstore]
from generate_series(1, 300) g;
insert into arrays values (1001, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
insert into arrays(id) values (1002);
insert into sales.by_time select timestamptz '2026-01-01 00:00:00.25+00' + g * interval '1 min', md5(g::text)::uuid, g from generate_series(1, 300) g;
insert into by_span select make_interval(months => g % 7, days => g, secs => g * 1.234567), g from generate_series(1, 300) g;
insert into by_bytes select decode(md5(g::text), 'hex'), g from generate_series(1, 300) g;
insert into by_real select g / 3.0, 's' || g, g from generate_series(1, 300) g;
insert into parts select g, (array['eu', 'us'])[1 + g % 2], g from generate_series(1, 300) g;
insert into big select g, g, repeat(md5(g::text), 200) from generate_series(1, 30) g;
