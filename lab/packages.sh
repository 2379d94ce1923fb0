# Sourced: need_packages COMMAND=PACKAGE... LIBRARY.pc=PACKAGE... HEADER.h=PACKAGE... installs what is missing with apt-get (sudo when not root)
# and says so. Debian 12's names.

is_there() {
    case $1 in
    *.pc) pkg-config --exists "${1%.pc}" 2>/dev/null ;;
    *.h) [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# prints the packages of what is not there
missing_of() {
    for need in "$@"; do
        is_there "${need%%=*}" || printf ' %s' "${need#*=}"
    done
}

need_packages() {
    missing=$(missing_of "$@")
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" != 0 ]; then
        as_root=sudo
        if ! command -v sudo >/dev/null; then
            printf 'Missing packages, and neither root nor sudo to install them. As root:\n  apt-get install%s\n' "$missing" >&2
            return 1
        fi
    fi
    if ! command -v apt-get >/dev/null; then
        printf 'Missing here, and no apt-get to install it:%s\n' "$missing" >&2
        return 1
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

need_build() {
    # pkg-config finds the libraries, so it comes first
    need_packages pkg-config=pkg-config &&
        need_packages cmake=cmake ninja=ninja-build gcc=build-essential rdkafka.pc=librdkafka-dev \
            sqlite3.pc=libsqlite3-dev jansson.pc=libjansson-dev libmicrohttpd.pc=libmicrohttpd-dev zlib.pc=zlib1g-dev \
            pg_query.h=libpg-query-dev "$@"
}
