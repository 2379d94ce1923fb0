#!/bin/sh
# libpg_query 15 (pglast 5.10; Debian 12's libpg-query-dev 15-4.0.0 alike): the JSON parse tree has no negative integers.
#
# An integer constant is written to JSON only when it is above zero. So -3 and 0 both come as {"ival":{}}: the scale of
# numeric(5,-2), a `default -7` and a `select -3` look like zeros. Nothing is reported. The protobuf tree of the same
# call has the right number, and so has the JSON of libpg_query 16 (pglast 6.17).
# What to do: read integers from the protobuf tree, or from the statement's text at the constant's location.
#
# Seen (2026-11-28):
#   15.1 select -3 JSON {"ival":{},"location":7} protobuf SELECT -3
#   15.1 select 0 JSON {"ival":{},"location":7} protobuf SELECT 0
#   15.1 select 3 JSON {"ival":{"ival":3},"location":7} protobuf SELECT 3
#   16.1 select -3 JSON {"ival":{"ival":-3},"location":7} protobuf SELECT -3
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/look.py" <<'END'
import json
from pglast.parser import deparse_protobuf, get_postgresql_version, parse_sql_json, parse_sql_protobuf

version = "%d.%d" % tuple(get_postgresql_version()[:2])
for query in ("select -3", "select 0", "select 3"):
    tree = json.loads(parse_sql_json(query))
    constant = tree["stmts"][0]["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]["A_Const"]
    print(version, query, "JSON", json.dumps(constant, separators=(",", ":")), "protobuf",
          deparse_protobuf(parse_sql_protobuf(query)))
END
for version in 5.10 6.17; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" -q --disable-pip-version-check install "pglast==$version"
    "$folder/$version/bin/python" "$folder/look.py"
done >"$folder/seen"
cat "$folder/seen"
cat >"$folder/expected" <<'END'
15.1 select -3 JSON {"ival":{},"location":7} protobuf SELECT -3
15.1 select 0 JSON {"ival":{},"location":7} protobuf SELECT 0
15.1 select 3 JSON {"ival":{"ival":3},"location":7} protobuf SELECT 3
16.1 select -3 JSON {"ival":{"ival":-3},"location":7} protobuf SELECT -3
16.1 select 0 JSON {"ival":{},"location":7} protobuf SELECT 0
16.1 select 3 JSON {"ival":{"ival":3},"location":7} protobuf SELECT 3
END
diff "$folder/expected" "$folder/seen"
