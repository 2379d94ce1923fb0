#!/bin/sh
# Clients that others wrote, against `tidemark serve` over a capture: PostgREST's of PyPI, one that openapi-python-client generates,
# openapi-spec-validator and schemathesis. They are installed into build/clients.
#   sh tests/lab/clients.sh
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$top/lab/packages.sh"
venv=$top/build/clients
need_packages python3=python3
if ! "$venv/bin/pip" --version >/dev/null 2>&1; then
    python3 -c 'import ensurepip' 2>/dev/null || need_packages ensurepip=python3-venv
    python3 -m venv "$venv"
fi
# hypothesis: schemathesis's own dependency does not know the newest
"$venv/bin/pip" install -q --disable-pip-version-check postgrest==2.28.2 schemathesis==4.4.4 hypothesis==6.131.0 \
    openapi-spec-validator==0.7.2 openapi-python-client==0.27.1
PATH=$venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" "$top/tests/lab/clients.py" "$@"
