#!/bin/sh
# Makes the virtual environment: create_venv.sh PYTHON DIRECTORY. A working one is left as it is.
# Says in one line what is missing and how to get it.
set -eu

python=$1
venv=$2

fail() {
    echo "genkan: $1" >&2
    exit 1
}

command -v "$python" >/dev/null ||
    fail "Python 3.11 or newer is missing; install it, for example with: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed, this is $("$python" --version); name another one with: make PYTHON=python3.11 …"

if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

# Debian ships venv's other half, ensurepip, in a package of its own.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "Python's venv module is incomplete; as root, run: apt-get install python3-venv"
    fi
    echo "Installing Debian's python3-venv …"
    PATH=$PATH:/usr/sbin:/sbin
    export PATH DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    { apt-get -q update && apt-get -q install -y --no-install-recommends python3-venv; } >"$log" 2>&1 ||
        fail "apt-get install python3-venv failed (its messages: $log); run it by hand, then try again"
    rm -f "$log"
    "$python" -c 'import ensurepip' 2>/dev/null ||
        fail "$python has no ensurepip module, and python3-venv does not bring it; name another Python with: make PYTHON=/usr/bin/python3 …"
fi

rm -rf "$venv"
if ! "$python" -m venv "$venv"; then
    rm -rf "$venv"
    fail "$python -m venv $venv failed"
fi
