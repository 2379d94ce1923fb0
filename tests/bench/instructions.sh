#!/bin/sh
# sh tests/bench/instructions.sh PROGRAM PART [--update]: instructions per row event when a fixed load is applied from
# memory (callgrind), against the figure kept in instructions.txt. Fails when it grew by more than 10%. Parts: apply, drift
# (with 50 columns that no table declares), schemas, snapshot (rows of one), triggers (a view with some beside the others),
# unwrapped; answer: per keyed request that is answered from its file without sockets.
# Instructions hardly differ between machines; the compiler and the libraries are Debian 12's.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
program=$1
part=$2
kept=$here/instructions.txt
views=
case $part in
apply | drift | schemas | snapshot | unwrapped) unit='row event' ;;
triggers) unit='row event' views=$here/views/triggered ;;
answer) unit='keyed request' ;;
*)
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
    ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

count=$(valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$work/out" "$program" "$part" "$work/bench.db" \
    ${views:+"$views"} 2>"$work/log") || {
    cat "$work/log" >&2
    exit 1
}
total=$(sed -n 's/^\(summary\|totals\): *//p' "$work/out" | sort -n | tail -n 1)
now=$((total / count))
if [ "${3:-}" = --update ]; then
    {
        grep -v "^$part " "$kept" || true
        echo "$part $now"
    } >"$work/kept"
    sort "$work/kept" >"$kept"
    echo "kept: $now instructions per $unit"
    exit 0
fi
was=$(sed -n "s/^$part //p" "$kept")
echo "instructions per $unit: $now, kept: $was ($((now * 100 / was))%)"
if [ "$now" -gt $((was + was / 10)) ]; then
    echo "it takes more than 10% more instructions per $unit than before. Find out why:" >&2
    echo "  valgrind --tool=callgrind --instr-atstart=no $program $part /tmp/new.db; callgrind_annotate --inclusive=yes" >&2
    echo "or, when it is worth it: sh tests/bench/instructions.sh $program $part --update" >&2
    exit 1
fi
if [ "$now" -lt $((was - was / 10)) ]; then
    echo "faster by more than 10%: keep it so with sh tests/bench/instructions.sh $program $part --update"
fi
