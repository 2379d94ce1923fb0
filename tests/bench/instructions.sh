#!/bin/sh
# sh tests/bench/instructions.sh PROGRAM [--update]: instructions per row event when a fixed load is applied from memory
# (callgrind), against the figure kept in instructions.txt. Fails when it grew by more than 10%. Instructions hardly
# differ between machines; the compiler and the libraries are Debian 12's.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
program=$1
kept=$here/instructions.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

events=$(valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$work/out" "$program" "$work/bench.db" \
    2>"$work/log") || {
    cat "$work/log" >&2
    exit 1
}
total=$(sed -n 's/^\(summary\|totals\): *//p' "$work/out" | sort -n | tail -n 1)
now=$((total / events))
if [ "${2:-}" = --update ]; then
    echo "$now" >"$kept"
    echo "kept: $now instructions per row event"
    exit 0
fi
was=$(cat "$kept")
echo "instructions per row event: $now, kept: $was ($((now * 100 / was))%)"
if [ "$now" -gt $((was + was / 10)) ]; then
    echo "it takes more than 10% more instructions than before to apply an event. Find out why:" >&2
    echo "  valgrind --tool=callgrind --instr-atstart=no $program /tmp/new.db; callgrind_annotate --inclusive=yes" >&2
    echo "or, when it is worth it: sh tests/bench/instructions.sh $program --update" >&2
    exit 1
fi
if [ "$now" -lt $((was - was / 10)) ]; then
    echo "faster by more than 10%: keep it so with sh tests/bench/instructions.sh $program --update"
fi
