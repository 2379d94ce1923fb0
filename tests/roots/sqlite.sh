#!/bin/sh
# The tests with another SQLite under the same program, by LD_LIBRARY_PATH: the amalgamation that an npm package ships, built as
# Debian builds it. Also called as `tests/run.sh --sqlite newest`.
#   sh tests/roots/sqlite.sh newest       the release build; the unit tests and those of the black box
set -eu
cd -- "$(dirname -- "$0")/../.."
. lab/packages.sh
package=better-sqlite3@13.2.0
if [ "${1:-}" != newest ]; then
    sed -n '2,4s/^# *//p' tests/roots/sqlite.sh >&2
    exit 2
fi
top=$(pwd)
work=$top/build/sqlite/${package##*@}
need_build cmocka.pc=libcmocka-dev python3=python3 npm=npm sqlite3=sqlite3
if [ ! -e "$work/libsqlite3.so.0" ]; then
    mkdir -p "$work"
    (cd "$work" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz && rm ./*.tgz)
    cc -O2 -fPIC -shared -Wl,-soname,libsqlite3.so.0 -o "$work/libsqlite3.so.0.new" "$work/package/deps/sqlite3/sqlite3.c" \
        -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_PREUPDATE_HOOK -DSQLITE_ENABLE_SESSION -DSQLITE_ENABLE_COLUMN_METADATA \
        -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 \
        -DSQLITE_ENABLE_LOAD_EXTENSION -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_STMTVTAB \
        -DSQLITE_ENABLE_UNLOCK_NOTIFY -DSQLITE_ENABLE_UPDATE_DELETE_LIMIT -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_SECURE_DELETE \
        -DSQLITE_SOUNDEX -DSQLITE_USE_URI -DSQLITE_MAX_VARIABLE_NUMBER=250000 -DSQLITE_MAX_SCHEMA_RETRY=25 -lm -lpthread -ldl -lz
    mv "$work/libsqlite3.so.0.new" "$work/libsqlite3.so.0"
fi
cmake --preset release -D WERROR=ON -D BUILD_TESTING=ON >/dev/null
cmake --build --preset release
# Debian's sqlite3 refuses a library that it was not built with
mkdir -p "$work/bin"
printf '#!/bin/sh\nunset LD_LIBRARY_PATH\nexec %s "$@"\n' "$(PATH=${PATH#"$work/bin:"} command -v sqlite3)" >"$work/bin/sqlite3.new"
chmod +x "$work/bin/sqlite3.new"
mv "$work/bin/sqlite3.new" "$work/bin/sqlite3"
export LD_LIBRARY_PATH="$work" PATH="$work/bin:$PATH"
said=$(build/release/tidemark --version)
version=$(sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$work/package/deps/sqlite3/sqlite3.h")
printf '%s\n' "$said" | grep -qF "$version" || { printf 'SQLite %s is not what runs: %s\n' "$version" "$said" >&2; exit 1; }
printf 'SQLite %s\n' "$version"
# the rest does not run SQLite, counts the instructions of Debian's, or injects faults into that one's calls
kinds='^(unit|blackbox|timeline|sim)'
ctest --test-dir build/release -R "$kinds" --output-on-failure --parallel "$(($(nproc) + 2))" </dev/null && exit 0
printf '\nThese failed beside others and are run once more, alone:\n'
exec ctest --test-dir build/release --output-on-failure --rerun-failed </dev/null
