#!/bin/sh
# Every file of the program, read by the compiler with warnings as errors against musl's headers, as Alpine would: the
# libraries' own headers are taken from this system. No code is made: what is asked is whether the names and types are there.
#   sh tests/lab/musl.sh
set -eu
cd -- "$(dirname -- "$0")/../.."
. lab/packages.sh
need_packages musl-gcc=musl-tools pkg-config=pkg-config
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
for header in sqlite3.h jansson.h jansson_config.h microhttpd.h zlib.h zconf.h pg_query.h librdkafka postgresql gnutls; do
    for folder in /usr/include "/usr/include/$(gcc -print-multiarch)"; do
        [ ! -e "$folder/$header" ] || ln -sf "$folder/$header" "$headers/"
    done
done
status=0
for file in $(find views consumer http -name '*.c' | sort); do
    musl-gcc -std=gnu17 -fsyntax-only -DTIDEMARK_VERSION='"0"' -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes \
        -Wmissing-prototypes -Wno-format-truncation -Werror -I. -isystem "$headers" -isystem "$headers/postgresql" "$file" || status=1
done
[ "$status" != 0 ] || echo "musl: $(find views consumer http -name '*.c' | wc -l) files"
exit "$status"
