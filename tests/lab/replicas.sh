#!/bin/sh
# lab/replicas.sh with few reads, a minute at most: three tidemarks behind HAProxy, and readers that never go back in time.
#   sh tests/lab/replicas.sh
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
LAB_STATE=$top/build/lab/replicas
LAB_TIDEMARK=${TIDEMARK_PROGRAM:-$top/build/release/tidemark}
export LAB_STATE LAB_TIDEMARK
mkdir -p "$LAB_STATE"
exec sh "$top/lab/replicas.sh" --reads 5000 --seconds 60
