#!/bin/sh
# The tests with another librdkafka under the same program, by LD_LIBRARY_PATH: the one that Confluent's Python wheel carries.
# Also called as `tests/run.sh --librdkafka newest [--long]`.
#   sh tests/roots/librdkafka.sh newest [--long]     the release build: the unit tests, the black box, calls that fail, power cuts;
#                                                    --long: a cluster's outages (tests/lab/outages.sh) too
# The program keeps what it was built with: the interface of librdkafka.so.1 has only grown. The wheel's is linked with OpenSSL, zlib, zstd
# and lz4 of its own, and it has no sasl_gssapi (Kerberos); the script prints what either has built in.
set -eu
cd -- "$(dirname -- "$0")/../.."
. lab/packages.sh
package=confluent-kafka==2.16.1
python=cp311 # a tag of the wheel that is taken: nothing of Python in it is run
long=${2:-}
if [ "${1:-}" != newest ] || { [ -n "$long" ] && [ "$long" != --long ]; }; then
    sed -n '2,5s/^# *//p' tests/roots/librdkafka.sh >&2
    exit 2
fi
top=$(pwd)
work=$top/build/librdkafka/${package##*=}
need_build cmocka.pc=libcmocka-dev python3=python3 pip3=python3-pip sqlite3=sqlite3
if [ ! -e "$work/librdkafka.so.1" ]; then
    mkdir -p "$work"
    pip3 download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --implementation cp --python-version "${python#cp}" \
        --abi "$python" --platform "manylinux_2_28_$(uname -m)" --dest "$work" "$package"
    python3 -m zipfile -e "$work"/*.whl "$work/wheel"
    mv "$work"/wheel/confluent_kafka.libs/librdkafka-*.so.1 "$work/librdkafka.so.1"
    rm -rf "$work/wheel" "$work"/*.whl
fi
cmake --preset release -D WERROR=ON -D BUILD_TESTING=ON >/dev/null
cmake --build --preset release

# features LIBRARY: its version and what is built in, by its own words
features() {
    python3 - "$1" <<'END'
import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
library.rd_kafka_version_str.restype = ctypes.c_char_p
library.rd_kafka_conf_new.restype = ctypes.c_void_p
said, size = ctypes.create_string_buffer(1000), ctypes.c_size_t(1000)
library.rd_kafka_conf_get(ctypes.c_void_p(library.rd_kafka_conf_new()), b"builtin.features", said, ctypes.byref(size))
print("librdkafka", library.rd_kafka_version_str().decode(), said.value.decode())
END
}
features librdkafka.so.1
features "$work/librdkafka.so.1"
version=$(features "$work/librdkafka.so.1" | cut -d ' ' -f 2)
export LD_LIBRARY_PATH="$work"
said=$(build/release/tidemark --version)
printf '%s\n' "$said" | grep -qFx "librdkafka $version" || { printf 'librdkafka %s is not what runs: %s\n' "$version" "$said" >&2; exit 1; }
if [ -n "$long" ]; then sh tests/lab/outages.sh; fi
kinds='^(unit|blackbox|timeline|broker_calls|power)'
ctest --test-dir build/release -R "$kinds" --output-on-failure --parallel "$(($(nproc) + 2))" </dev/null && exit 0
printf '\nThese failed beside others and are run once more, alone:\n'
exec ctest --test-dir build/release --output-on-failure --rerun-failed </dev/null
