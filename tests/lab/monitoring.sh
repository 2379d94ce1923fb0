#!/bin/sh
# /metrics, the alert rules and the dashboard, checked by others' programs: promtool (of Debian's prometheus, unpacked and not
# installed, so that no server is started) and Grafana's own types, which the TypeScript compiler holds the dashboard to.
#   sh tests/lab/monitoring.sh
set -eu
cd -- "$(dirname -- "$0")/../.."
. lab/packages.sh
work=build/lab/monitoring
schema=11.6.0
typescript=5.4.5
program=${TIDEMARK_PROGRAM:-build/release/tidemark}
mkdir -p "$work"
need_packages npm=npm curl=curl

if [ ! -x "$work/usr/bin/promtool" ]; then
    (cd "$work" && apt-get download prometheus >/dev/null && dpkg -x prometheus_*.deb .)
fi
promtool=$work/usr/bin/promtool
"$promtool" check rules lab/monitoring/alerts.yml
"$promtool" test rules lab/monitoring/alerts_test.yml
"$promtool" check config lab/monitoring/prometheus.yml

url=unix:$work/socket
"$program" demo --traffic 50 --for 60 --listen "$url" 2>"$work/log" &
demo=$!
trap 'kill $demo 2>/dev/null || true; wait' EXIT
ask() {
    curl -fsS --unix-socket "$work/socket" --retry 20 --retry-all-errors --retry-delay 1 "http://localhost$1" 2>"$work/curl"
}
ask /readyz >/dev/null
ask /metrics | "$promtool" check metrics
echo '/metrics: nothing to lint'

{
    # the enums of the schema as the texts and numbers that stand in a file
    cat <<'TYPES'
import type { Dashboard } from "@grafana/schema";
type Plain<T> = T extends string ? `${T}` : T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
TYPES
    printf 'export const dashboard: Plain<Dashboard> = '
    cat lab/monitoring/dashboard.json
} >"$work/dashboard.ts"
[ -d "$work/node_modules/@grafana/schema" ] ||
    npm install --prefix "$work" --no-audit --no-fund --ignore-scripts --silent "@grafana/schema@$schema" "typescript@$typescript"
"$work/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --moduleResolution node "$work/dashboard.ts"
echo "dashboard.json: a Dashboard of @grafana/schema $schema"
