#!/bin/sh
# The tests in a system of another release, in a root of its own: made by mmdebstrap from the mirror that apt here is configured
# with, kept below build/roots. Also called as `tests/run.sh --root NAME`.
#   sh tests/roots/run.sh trixie       as root; Debian 13
# Inside: lab/packages.sh installs, a release build whose warnings are errors, and its tests. Then a file goes from this system's build
# to that one's and back (there_and_back.py). Not run there: bench (its bounds are instructions of this system's compiler and libraries)
# and clang (the warnings of this system's clang).
set -eu
[ "$(id -u)" = 0 ] || { echo 'roots: only root can make a root of its own' >&2; exit 77; }
cd -- "$(dirname -- "$0")/../.."
. lab/packages.sh
name=${1:-}
skipped='^(bench/|clang$)'
if [ "$name" != trixie ]; then
    sed -n '2,4s/^# *//p' tests/roots/run.sh >&2
    exit 2
fi
top=$(pwd)
root=$top/build/roots/$name
log=$root.log

# inside COMMAND..: in the root, with a /proc and the devices of here; /src is the tree, /both what both systems see
inside() {
    # shellcheck disable=SC2016 # expanded by the shell in the new name space
    unshare --mount --pid --fork --kill-child sh -c '
        root=$1 work=$2
        shift 2
        mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount --bind "$work" "$root/both" &&
            exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"' \
        inside "$root" "$top/build/roots/both" "$@" </dev/null
}

# quietly WHAT COMMAND..: shows the end of what it says only when it fails
quietly() {
    what=$1
    shift
    printf '== %s: %s\n' "$name" "$what"
    "$@" >"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        printf 'roots: %s failed: %s\n' "$what" "$log" >&2
        exit 1
    }
}

# mirror_of_apt: what apt fetches this Debian's packages from; nothing when it says none
mirror_of_apt() {
    . /etc/os-release
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $VERSION_CODENAME" | head -n 1
}

mkdir -p build/roots/both
if [ ! -e "$root.made" ]; then
    need_packages mmdebstrap=mmdebstrap
    rm -rf "$root"
    apt-config dump | grep -E '^Acquire::(https?::|Check-)' >"$root.conf" || true
    # shellcheck disable=SC2046 # no argument when apt names no mirror
    quietly "a root of $name" mmdebstrap --variant=minbase --aptopt="$root.conf" "$name" "$root" $(mirror_of_apt)
    touch "$root.made"
fi
mkdir -p "$root/both" "$root/src"
cp /etc/resolv.conf "$root/etc/resolv.conf"
find "$root/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
# -m: what has changed while a build went on would be older than its object, and so not be built
git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read --files-from=- | tar -x -m -C "$root/src"

quietly packages inside sh -c 'cd /src && sh lab/packages.sh cmocka.pc=libcmocka-dev valgrind=valgrind python3=python3 \
    clang-format=clang-format git=git bash=bash curl=curl sqlite3=sqlite3 update-ca-certificates=ca-certificates'
inside sh -c '. /etc/os-release; echo "$PRETTY_NAME, $(gcc --version | sed 1q)"
    for library in sqlite3 rdkafka libmicrohttpd jansson gnutls; do printf "%s %s  " $library "$(pkg-config --modversion $library)"; done; echo'
quietly build inside sh -c 'cd /src && cmake --preset release -D WERROR=ON -D BUILD_TESTING=ON && cmake --build --preset release -- -k 0'
failed=0
inside sh -c 'cd /src && ctest --test-dir build/release -E "$1" --output-on-failure --parallel "$(($(nproc) + 2))" ||
    exec ctest --test-dir build/release --output-on-failure --rerun-failed' tests "$skipped" >"$log" 2>&1 || {
    tail -n 120 "$log"
    failed=1
}
tail -n 4 "$log"

if ! [ -x build/release/tidemark ]; then
    quietly 'the build here' sh -c 'cmake --preset release && cmake --build --preset release --target tidemark'
fi
printf '== %s: there and back\n' "$name"
cat >"$root.sh" <<END
#!/bin/sh
# tidemark of the other system
$(sed -n '/^inside() {$/,/^}$/p' tests/roots/run.sh)
top='$top' root='$root'
inside /src/build/release/tidemark "\$@"
END
chmod +x "$root.sh"
TIDEMARK_PROGRAM=$top/build/release/tidemark PYTHONDONTWRITEBYTECODE=1 python3 tests/roots/there_and_back.py "$root.sh" build/roots/both
exit "$failed"
