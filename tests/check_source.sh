#!/bin/sh
# What the sources promise and the compiler does not check: rooms and doors, no circles, no banned calls, sizes, links, one format.
# Prints each breach with its file; exit 1 if there is any. ROOMS_LIBRARIES: the built .a files, for circles of calls.
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

# checked SCRIPT [ARGUMENT..]: what it finds. One that fails and tells nothing has not looked.
checked() {
    python3 "$@" >"$found.told" || grep -v ' breaches$' "$found.told" >>"$found" ||
        echo "$1" | breach 'it failed and told nothing: see above'
    rm -f "$found.told"
}

# who may include whom, circles, names: see check_rooms.py
# shellcheck disable=SC2086 # the libraries to look for circles of calls in, none when there is no build
checked tests/check_rooms.py ${ROOMS_LIBRARIES:-}

# sizes, headers, comments, the documents' links: see check_text.py
checked tests/check_text.py

# the names that a test takes from the file beside it
checked tests/check_python.py

# calls that have no bound, keep hidden state, or wait blindly
# shellcheck disable=SC2046
grep -nwE '(sprintf|vsprintf|strcpy|strcat|strncpy|strncat|gets|atoi|atol|atof|strtok|alloca|sleep|usleep|nanosleep|system|popen|rand|srand)[[:space:]]*\(' \
    $(code) /dev/null | grep -vE ':[[:space:]]*//' | breach 'banned call' || true

# shellcheck disable=SC2046
grep -nwE 'TODO|FIXME|XXX|HACK' $(git ls-files -- '*.[ch]' '*.py' '*.sh' '*.sql' '*.cmake' CMakeLists.txt .ci '*.md' \
    ':!tests/check_source.sh' 2>/dev/null || code) /dev/null | breach 'unfinished' || true

# Another version lays some lines out in another way.
layout=14
version=$(clang-format --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
if [ "$version" = "$layout" ]; then
    find views consumer http tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + 2>&1 |
        grep 'error:' | breach 'clang-format -i it' || true
else
    echo "clang-format is ${version:-not installed}, the layout is that of $layout: it was not checked"
fi

if [ -s "$found" ]; then
    cat "$found"
    echo "$(wc -l <"$found") breaches"
    exit 1
fi
echo 'includes, doors, calls, sizes, links and format are as promised'
