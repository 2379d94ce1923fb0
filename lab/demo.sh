#!/bin/sh
# The main job in one command: installs what is missing, builds, and runs tidemark on its embedded broker, fed from a real
# capture and then with shop traffic, until Ctrl-C.
#   sh lab/demo.sh [--for SECONDS] [other flags of `tidemark demo`, such as --listen 127.0.0.1:9000 or --db shop.db]
set -eu
cd -- "$(dirname -- "$0")/.."
. lab/packages.sh
case ${1:-} in
-h | --help)
    sed -n '2,4s/^# *//p' lab/demo.sh
    exit 0
    ;;
esac
need_build
cmake --preset release >/dev/null
cmake --build --preset release --target tidemark

# the address is a flag's, its twin's, or the default; the log names the one that is served
listen=${TIDEMARK_LISTEN:-127.0.0.1:8080}
previous=
for argument; do
    case $argument in
    --listen=*) listen=${argument#--listen=} ;;
    *) [ "$previous" = --listen ] && listen=$argument ;;
    esac
    previous=$argument
done
case $listen in
*:0) printf '\nThe log below says where to look ("serving http://...").\n' ;;
*) printf '\nThe page:  http://%s/\nAsk it:    curl http://%s/v1/views/warehouse/picks\n' "$listen" "$listen" ;;
esac
printf 'Ctrl-C ends it.\n\n'
exec build/release/tidemark demo --traffic 50 "$@"
