#!/bin/sh
# What no test runs, by gcov: functions and lines of views, consumer and http, by file and function, and why.
#   sh tests/coverage.sh            builds twice (bounds as shipped, tiny ones), runs the tests in both, tells; about half an hour
#   sh tests/coverage.sh --report   tells of what the last run left
# What is run is what `tests/run.sh --full` runs, without what looks at the source or counts instructions. build/coverage.txt has each line.
set -eu
cd -- "$(dirname -- "$0")/.."
. lab/packages.sh
# faults: the counters' own memory would be refused
skipped='^(source|clang|bench/.*|.*install|faults|broker_calls)$'

# counted NAME FLAG: the build in build/NAME, its tests run
counted() {
    cmake -S . -B "build/$1" -G Ninja -D CMAKE_BUILD_TYPE=Debug -D BUILD_TESTING=ON -D "TINY=$2" \
        -D CMAKE_C_FLAGS='--coverage -O0 -fprofile-update=atomic' >/dev/null
    cmake --build "build/$1"
    find "build/$1" -name '*.gcda' -delete
    # a test that fails here fails in the suite; it is told, and what it ran counts
    ctest --test-dir "build/$1" -E "$skipped" --output-on-failure --parallel "$(($(nproc) + 2))" </dev/null ||
        printf 'coverage: some tests failed in build/%s\n' "$1" >&2
}

case ${1:-} in
'')
    need_build cmocka.pc=libcmocka-dev python3=python3 curl=curl sqlite3=sqlite3
    counted coverage OFF
    counted coverage-tiny ON
    ;;
--report) ;;
*)
    sed -n '2,5s/^# *//p' tests/coverage.sh >&2
    exit 2
    ;;
esac
exec python3 tests/coverage.py build/coverage.txt build/coverage build/coverage-tiny
