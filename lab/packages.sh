#!/bin/sh
# Sourced: need_packages COMMAND=PACKAGE... LIBRARY.pc=PACKAGE... HEADER.h=PACKAGE... installs what is missing with apt-get (sudo when not root)
# and says so; need_build is what the program is built with. The names are Debian's. Where there is no apt-get the names of dnf, apk or brew
# are told, all at once, and nothing is installed.
# As a program it does need_build:   sh lab/packages.sh

# Debian's name; dnf's (Fedora), apk's (Alpine), brew's. "-" = it has none, or comes with another.
packages_elsewhere='
build-essential     gcc,make              build-base           -
cmake               cmake                 cmake                cmake
ninja-build         ninja-build           samurai              ninja
pkg-config          pkgconf-pkg-config    pkgconf              pkgconf
librdkafka-dev      librdkafka-devel      librdkafka-dev       librdkafka
libsqlite3-dev      sqlite-devel          sqlite-dev           sqlite
libjansson-dev      jansson-devel         jansson-dev          jansson
libmicrohttpd-dev   libmicrohttpd-devel   libmicrohttpd-dev    libmicrohttpd
libgnutls28-dev     gnutls-devel          gnutls-dev           gnutls
zlib1g-dev          zlib-devel            zlib-dev             zlib
libpg-query-dev     libpg_query-devel     libpg_query-dev      libpg_query
libpq-dev           libpq-devel           libpq-dev            libpq
libcmocka-dev       libcmocka-devel       cmocka-dev           cmocka
valgrind            valgrind              valgrind             -
python3             python3               python3              python@3
clang               clang                 clang                llvm
clang-format        clang-tools-extra     clang-extra-tools    clang-format
git                 git                   git                  git
curl                curl                  curl                 curl
bash                bash                  bash                 bash
sqlite3             sqlite                sqlite               sqlite
npm                 npm                   npm                  node
'

is_there() {
    case $1 in
    *.pc) pkg-config --exists "${1%.pc}" 2>/dev/null ;;
    *.h) [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] || [ -e "/opt/homebrew/include/$1" ] ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# prints the packages of what is not there
missing_of() {
    for need in "$@"; do
        is_there "${need%%=*}" || printf ' %s' "${need#*=}"
    done
}

# names_of COLUMN PACKAGE...: what another manager calls them; one that is not in the table keeps its name
names_of() {
    column=$1
    shift
    for package; do
        printf '%s\n' "$packages_elsewhere" | awk -v package="$package" -v column="$column" '
            $1 == package { found = 1; name = $column }
            END { if (!found) name = package; if (name != "-") { gsub(",", " ", name); printf " %s", name } }'
    done
}

# without apt-get: what to type
tell_missing() {
    for manager in '2 dnf install' '3 apk add' '4 brew install'; do
        column=${manager%% *}
        manager=${manager#* }
        command -v "${manager%% *}" >/dev/null || continue
        printf 'Missing here. As root:\n  %s%s\n' "$manager" "$(names_of "$column" "$@")" >&2
        printf 'What no package has is built from its source, such as https://github.com/pganalyze/libpg_query.\n' >&2
        return
    done
    printf "Missing here, by Debian's names, and none of apt-get, dnf, apk and brew to install it: %s\n" "$*" >&2
}

need_packages() {
    missing=$(missing_of "$@")
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        # shellcheck disable=SC2086 # words on purpose
        tell_missing $missing
        return 1
    fi
    as_root=
    if [ "$(id -u)" != 0 ]; then
        as_root=sudo
        if ! command -v sudo >/dev/null; then
            printf 'Missing packages, and neither root nor sudo to install them. As root:\n  apt-get install%s\n' "$missing" >&2
            return 1
        fi
    fi
    printf 'Installing packages:%s\n' "$missing"
    log=$(mktemp)
    # shellcheck disable=SC2086 # words on purpose
    if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends $missing; } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        printf 'apt-get could not install:%s\n' "$missing" >&2
        return 1
    fi
    rm -f "$log"
}

# Without pkg-config no library is found, so all of them are told; apt-get passes over what is there.
need_build() {
    need_packages pkg-config=pkg-config cmake=cmake ninja=ninja-build gcc=build-essential rdkafka.pc=librdkafka-dev \
        sqlite3.pc=libsqlite3-dev jansson.pc=libjansson-dev libmicrohttpd.pc=libmicrohttpd-dev gnutls.pc=libgnutls28-dev zlib.pc=zlib1g-dev \
        pg_query.h=libpg-query-dev \
        libpq.pc=libpq-dev "$@"
}

case $0 in
*packages.sh) need_build "$@" ;;
esac
