// What bytes that are no JSON look like, and objects that are neither a row nor Debezium's envelope: a wrong converter, compressed
// payloads and other formats of changes are told by name, with what to do. Pure.
#ifndef TIDEMARK_DECODE_GUESS_H
#define TIDEMARK_DECODE_GUESS_H

#include "views/base/span.h"

enum { GUESS_SIZE = 256, GUESS_CLOUD_EVENT_NAMES = 4, GUESS_DDL_NAMES = 3 };

// How StringConverter's texts of rows and keys begin.
#define GUESS_STRUCT "Struct{"

// The attributes that every CloudEvent has, and what to say of one.
extern const char *const guess_cloud_event_names[GUESS_CLOUD_EVENT_NAMES];
extern const char guess_cloud_event[];
// What only a change of the schema has, as the connectors of MySQL, SQL Server, Oracle and Db2 tell it.
extern const char *const guess_ddl_names[GUESS_DDL_NAMES];

// "Avro in a container file": false when they look like nothing that is known.
bool guess_format(struct span bytes, char ret[GUESS_SIZE]);
// "a change in Maxwell's JSON, ..": what the JSON object that begins there is in place of an envelope, by its members' names; NULL:
// nothing that is known. What follows the object is not looked at.
const char *guess_object(struct span object);
// What there is to say of an envelope without op.
extern const char guess_opless[];

#endif
