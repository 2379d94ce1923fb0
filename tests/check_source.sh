#!/bin/sh
# What the sources promise and the compiler does not check: who includes whom, one door per library, no banned calls,
# one format. Prints each breach as FILE:LINE; exit 1 if there is any.
set -eu
cd -- "$(dirname -- "$0")/.."
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# breach WHAT: the lines on stdin, told
breach() {
    sed "s|\$|    <- $1|" >>"$found"
}

code() {
    find views consumer http -name '*.[ch]' | sort
}

includes() { # PATTERN FILE...
    pattern=$1
    shift
    grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]+[<\"]$pattern" "$@" /dev/null || true
}

# directions: views is the floor; consumer and http see views, never each other; main.c alone sees both
# shellcheck disable=SC2046 # no blanks in our names
includes '(consumer|http)/' $(find views -name '*.[ch]') | breach 'views includes neither consumer nor http'
# shellcheck disable=SC2046
includes 'http/' $(find consumer -name '*.[ch]' ! -path consumer/main.c) | breach 'consumer includes http only in main.c'
# shellcheck disable=SC2046
includes 'consumer/' $(find http -name '*.[ch]') | breach 'http never includes consumer'
# shellcheck disable=SC2046
includes 'tests/' $(code) | breach 'the program includes no test'

# door HEADER FILES: the one module that may include it
door() {
    header=$1
    allowed=$2
    # shellcheck disable=SC2046
    includes "([a-z]+/)?$header" $(code) | while IFS= read -r line; do
        case " $allowed " in
        *" ${line%%:*} "*) ;;
        *) printf '%s\n' "$line" ;;
        esac
    done | breach "$header only in: $allowed"
}
# kafka.c is the door; kafka_settings.c and kafka_stats.c are its rooms and see no more of librdkafka than their headers say
door 'rdkafka\.h' 'consumer/kafka.c consumer/embedded.c'
door 'rdkafka_mock\.h' 'consumer/embedded.c'
door 'microhttpd\.h' 'http/server.c'
# the store's files: they own connections or make the statements
door 'sqlite3\.h' 'views/stmt.h views/store.c views/read.c views/functions.c views/catalog.c views/mirror_sql.c views/wal_gather.c'
# its wrapper is inside views only
# shellcheck disable=SC2046
includes 'views/(stmt|stored|mirror|mirror_[a-z]+|carry|pending|key|delta|delta_[a-z]+|catalog_[a-z]+|install|reader|writer|checkpoint|shown|wal_gather)\.h' $(find consumer http -name '*.[ch]') |
    breach 'inside views only'

# calls that have no bound, keep hidden state, or wait blindly
# shellcheck disable=SC2046
grep -nwE '(sprintf|vsprintf|strcpy|strcat|strncpy|strncat|gets|atoi|atol|atof|strtok|alloca|sleep|usleep|nanosleep|system|popen|rand|srand)[[:space:]]*\(' \
    $(code) /dev/null | grep -vE ':[[:space:]]*//' | breach 'banned call' || true

# shellcheck disable=SC2046
grep -nwE 'TODO|FIXME|XXX|HACK' $(git ls-files -- '*.[ch]' '*.py' '*.sh' '*.sql' '*.cmake' CMakeLists.txt .ci '*.md' \
    ':!tests/check_source.sh' 2>/dev/null || code) /dev/null | breach 'unfinished' || true

if command -v clang-format >/dev/null; then
    find views consumer http tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + 2>&1 |
        grep 'error:' | breach 'clang-format -i it' || true
else
    echo 'clang-format is not installed: the format was not checked'
fi

if [ -s "$found" ]; then
    cat "$found"
    echo "$(wc -l <"$found") breaches"
    exit 1
fi
echo 'includes, doors, calls and format are as promised'
