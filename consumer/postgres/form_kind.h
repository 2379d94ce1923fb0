// How values of a source's type are compared: what form.h and same.h know of a type. Plain.
#ifndef TIDEMARK_POSTGRES_FORM_KIND_H
#define TIDEMARK_POSTGRES_FORM_KIND_H

enum form_kind {
    FORM_TEXT,    // as PostgreSQL writes them: text, uuid, enums, inet, xml, ranges, ..
    FORM_UNKNOWN, // the same, of a type that nothing is known of; include.unknown.datatypes sends it as base64
    FORM_PADDED,  // CHAR(n), without its trailing spaces
    FORM_NUMERIC,   // integers, NUMERIC, MONEY: digits without trailing zeros of a fraction
    FORM_BOOLEAN,   // true, false
    FORM_REAL,      // float8: its 64 bits in hex
    FORM_SHORT,     // float4: its 32 bits in hex
    FORM_DATE,      // 2026-11-23, 0044-03-15 BC, infinity
    FORM_TIME,      // 09:00:00.5; with a zone: in UTC
    FORM_TIMESTAMP, // 2026-11-23 09:00:00.5
    FORM_TIMESTAMPTZ,
    FORM_INTERVAL, // months, days, microseconds: `14 3 14706789000`
    FORM_INTERVAL_KEY, // the microseconds that interval.handling.mode numeric makes of it: no mode says so of a key
    FORM_BYTES,        // hex
    FORM_BITS,         // 0 and 1 without leading zeros
    FORM_JSON,         // text; compared as JSON
    FORM_HSTORE,       // JSON
    FORM_ARRAY,        // JSON of its elements' texts
    FORM_ZONED_RANGE,
    FORM_POINT,
    FORM_GEOMETRY,
    FORM_VECTOR,
    FORM_SPARSE_VECTOR,
};

#endif
