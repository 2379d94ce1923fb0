#!/bin/sh
# sh tests/bench/fetch_test.sh COMPILER TOP: whether a function that only asks the processor for memory (views/base/fetch.h) is
# called once the compiler has optimised. Of the calls that GCC left out nothing told but the time that it took.
set -eu
compiler=$1
top=$2
asked='#include "views/base/fetch.h"
static __attribute__((noinline)) void ask(const char *from) { fetch_soon(from, 1); }
char visit(const char *list); char visit(const char *list) { ask(list + 4096); return *list; }'
seen=$(printf '%s\n' "$asked" | "$compiler" -std=c17 -O2 -S -x c -I "$top" -o - -)
for wanted in 'prefetch\|prfm' '\(callq\{0,1\}\|bl\|jmp\)[[:space:]]*ask'; do
    printf '%s\n' "$seen" | grep -q "$wanted" || {
        echo "fetch_test: nothing of '$wanted' in what $compiler makes of fetch_soon:"
        printf '%s\n' "$seen"
        exit 1
    }
done
echo "fetch_test: asked"
