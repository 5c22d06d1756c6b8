# Shared by the scripts beside it; sourced, not run.
# shellcheck shell=bash

# shellcheck disable=SC2034 # used by the scripts
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self=scripts/$(basename "$0")

say() { printf '%s: %s\n' "$self" "$*" >&2; }

# Bad input or a machine that cannot do it: status 2, as in isotherm itself.
die() {
    say "$@"
    exit 2
}

# Prints the comment at the head of the running script.
usage() { sed -n '2,/^[^#]/{/^#/!d; s/^# \{0,1\}//; p;}' "$0"; }

have() { command -v "$1" >/dev/null 2>&1; }

# A fresh rustup is often not on the PATH of a shell that is no login shell.
if ! have cargo && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
fi

# Open MPI refuses to start as root unless told twice.
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
