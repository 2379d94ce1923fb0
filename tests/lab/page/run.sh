#!/bin/sh
# The page in headless Chromium: what it shows of each capture, how it follows a server that is killed, keys, contrast, both
# themes, narrow and wide. Screenshots are left in build/page. Installs Chromium and Node.js (Debian's) and two packages of npm.
#   sh tests/lab/page/run.sh [NAME]      NAME: only the tests whose name has it
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../../.." && pwd)
cd "$top"
. lab/packages.sh
need_packages chromium='chromium fonts-dejavu-core' node=nodejs npm=npm
if [ ! -x build/release/tidemark ] && [ -z "${TIDEMARK_PROGRAM:-}" ]; then
    need_build
    cmake --preset release >/dev/null
    cmake --build --preset release --target tidemark
fi
work=$top/build/page
mkdir -p "$work"
cp tests/lab/page/package.json tests/lab/page/*.mjs "$work"
if ! cmp -s "$work/package.json" "$work/node_modules/.installed"; then
    (cd "$work" && npm install --no-audit --no-fund --no-package-lock --ignore-scripts >npm.log 2>&1) || {
        tail -n 20 "$work/npm.log" >&2
        exit 1
    }
    cp "$work/package.json" "$work/node_modules/.installed"
fi
cd "$work"
TIDEMARK_PROGRAM=${TIDEMARK_PROGRAM:-$top/build/release/tidemark} TIDEMARK_FIXTURES=$top/fixtures \
    TIDEMARK_CHROMIUM=$(command -v chromium) \
    exec node --test --test-name-pattern="${1:-.}" "$work/page_test.mjs"
