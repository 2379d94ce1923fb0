#!/bin/sh
# Every test that needs no outside server: installs what is missing, builds (warnings are errors), runs.
#   sh tests/run.sh [--full] [--long] [--lab]
#   sh tests/run.sh --root NAME | --sqlite newest | --librdkafka newest [--long]     in another system, on another library: tests/roots
# --full    beside the release build tiny (ASan, UBSan, every bound 2 to 8) and tsan; tests/README.md says what each is
# --long    every test in every build, asan (bounds as shipped) among them, and 10,000 seeds of the simulator
# --lab     --full, the page in a browser (tests/lab/page), and the real stack: PostgreSQL, Kafka, Kafka Connect with Debezium (tests/lab/e2e.sh;
#           with --long also on older and newer ones)
set -eu
cd -- "$(dirname -- "$0")/.."
. lab/packages.sh
presets=release
lab=
long=OFF
for argument; do
    case $argument in
    --root) exec sh tests/roots/run.sh "${2:-}" ;;
    --sqlite) exec sh tests/roots/sqlite.sh "${2:-}" ;;
    --librdkafka) exec sh tests/roots/librdkafka.sh "${2:-}" "${3:-}" ;;
    --full) presets='release tiny tsan' ;;
    --lab) lab=1 ;;
    --long) long=ON ;;
    *)
        sed -n '2,8s/^# *//p' tests/run.sh >&2
        [ "$argument" = --help ] || exit 2
        exit 0
        ;;
    esac
done

[ -z "$lab" ] || presets='release tiny tsan'
[ "$long" = OFF ] || presets='release asan tiny tsan'

need_build cmocka.pc=libcmocka-dev valgrind=valgrind python3=python3 clang-format=clang-format clang=clang git=git \
    bash=bash curl=curl sqlite3=sqlite3
for preset in $presets; do
    cmake --preset "$preset" -D WERROR=ON -D BUILD_TESTING=ON -D LONG=$long >/dev/null
    cmake --build --preset "$preset"
done

# Two more at once than there are cores: some of the black-box tests wait for timers of the program most of their time.
at_once=$(($(nproc) + 2))
# large NAME SECONDS: many processes that wait for each other. They begin first, one by one, and leave a processor to two small tests beside.
large() {
    printf 'set_tests_properties("lab/%s" PROPERTIES TIMEOUT %s COST 1000 PROCESSORS %s RESOURCE_LOCK lab)\n' "$1" "$2" $((at_once - 2))
}
# e2e NAME POSTGRES DEBEZIUM: the suite on these; the Kafka that goes with them is lab/settings.sh's
e2e() {
    printf 'add_test("lab/%s" env LAB_POSTGRES=%s LAB_DEBEZIUM=%s sh "%s/tests/lab/e2e.sh")\n' "$1" "$2" "$3" "$top"
    large "$1" 3600
}

# One run over all the builds, so that one summary tells.
all=build/tests
mkdir -p "$all"
top=$(pwd)
{
    for preset in $presets; do
        printf 'subdirs("%s/build/%s")\n' "$top" "$preset"
    done
    if [ -n "$lab" ]; then
        printf 'add_test("lab/page" sh "%s/tests/lab/page/run.sh")\n' "$top"
        large page 1200
        e2e e2e 16 3.6.1.Final
        if [ "$long" = ON ]; then
            printf 'set_tests_properties("lab/e2e" PROPERTIES ENVIRONMENT "E2E_PROVE=--runs 100 --corruptions 100")\n'
            printf 'add_test("lab/soak" sh "%s/tests/lab/soak.sh")\n' "$top" # SOAK_MINUTES=60
            printf 'set_tests_properties("lab/soak" PROPERTIES TIMEOUT 10800 RUN_SERIAL ON)\n'
            printf 'add_test("lab/outages" sh "%s/tests/lab/outages.sh")\n' "$top"
            printf 'set_tests_properties("lab/outages" PROPERTIES TIMEOUT 1800 RUN_SERIAL ON)\n'
            printf 'add_test("lab/litestream" sh "%s/tests/lab/litestream.sh")\n' "$top"
            printf 'set_tests_properties("lab/litestream" PROPERTIES TIMEOUT 1800 RUN_SERIAL ON)\n'
            e2e e2e-postgres18 18 3.6.1.Final
            e2e e2e-debezium34 17 3.4.0.Final
            e2e e2e-debezium27 15 2.7.4.Final
        fi
        printf 'add_test("lab/mariadb" sh "%s/tests/lab/mariadb/run.sh")\n' "$top"
        printf 'set_tests_properties("lab/mariadb" PROPERTIES TIMEOUT 600)\n'
        printf 'add_test("lab/clients" sh "%s/tests/lab/clients.sh")\n' "$top"
        printf 'set_tests_properties("lab/clients" PROPERTIES TIMEOUT 1200)\n'
        printf 'add_test("lab/monitoring" sh "%s/tests/lab/monitoring.sh")\n' "$top"
        printf 'add_test("lab/replicas" sh "%s/tests/lab/replicas.sh")\n' "$top"
        printf 'set_tests_properties("lab/replicas" PROPERTIES TIMEOUT 300)\n'
        printf 'add_test("lab/package" sh "%s/tests/lab/package.sh")\n' "$top"
        printf 'set_tests_properties("lab/package" PROPERTIES SKIP_RETURN_CODE 77)\n'
    fi
} >"$all/CTestTestfile.cmake"
ctest --test-dir "$all" --output-on-failure --parallel "$at_once" </dev/null && exit 0
# What failed beside others is told above. It is run again alone: a broken test fails again, a late one is named as late.
printf '\nThese failed beside others and are run once more, alone:\n'
cat "$all/Testing/Temporary/LastTestsFailed.log"
exec ctest --test-dir "$all" --output-on-failure --rerun-failed </dev/null
