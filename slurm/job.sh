# shellcheck shell=bash
# What the job scripts have in common. They source it; `isotherm slurm` copies it into the scripts it writes.

say() { printf 'isotherm: %s\n' "$*" >&2; }

# refuse STATUS MESSAGE: 2 for bad input, 127 where a command is missing.
refuse() {
    local status=$1
    shift
    say "$*"
    exit "$status"
}

# Reads the machine file, loads its modules, and looks for the program.
prepare() {
    local file=${ISOTHERM_MACHINE-slurm/machines/generic.sh}
    local here=${file:-this script}
    [ -n "${SLURM_JOB_ID:-}" ] || refuse 2 "this is a job: submit it (slurm/submit $0 ...), do not run it"
    if [ -n "$file" ]; then
        [ -f "$file" ] || refuse 2 "there is no machine file $file: set ISOTHERM_MACHINE to one"
        # shellcheck source=slurm/machines/generic.sh
        . "$file"
    fi
    if [ -n "${modules:-}" ]; then
        type module >/dev/null 2>&1 || refuse 127 "there is no command \`module\` here to load $modules with:" \
            "leave \`modules\` empty in $here, or source what defines it in ~/.bashrc"
        # shellcheck disable=SC2086 # one word a module
        module load $modules || refuse 127 "a module of \`modules\` in $here is missing ($modules):" \
            "\`module avail\` lists those there are"
    fi
    program=${ISOTHERM:-${program:-target/release/isotherm}}
    command -v "$program" >/dev/null || refuse 127 "there is no program $program in $PWD:" \
        "submit from the folder of isotherm after \`cargo build --release\`, or set ISOTHERM to its path"
    ranks=${SLURM_NTASKS:-1}
    threads=${SLURM_CPUS_PER_TASK:-1}
    read -r -a launcher <<<"${launcher:-}"
}

# lines_of FILE: its lines but for empty ones and comments. line_of FILE N: the Nth of them, if it has so many.
lines_of() { grep -v -e '^[[:space:]]*#' -e '^[[:space:]]*$' "$1" || true; }
line_of() { lines_of "$1" | sed -n "$2p"; }

# start RANKS THREADS ARGUMENTS: makes `command` the line that starts isotherm so.
start() {
    local ranks=$1 threads=$2
    shift 2
    command=("${launcher[@]//'{ranks}'/$ranks}")
    command=("${command[@]//'{threads}'/$threads}" "$program" "$@" --threads "$threads")
    command -v "${command[0]}" >/dev/null || refuse 127 "there is no ${command[0]} here, which is to start" \
        "ranks: correct \`launcher\`, or load its module"
}

# Runs a command to its end and returns its status. SIGUSR1 (Slurm's word before the time is up) and
# SIGTERM (when the job is cancelled) stop it with a checkpoint; after the latter, `cancelled` is yes.
supervise() {
    local child status interrupted
    cancelled=no
    "$@" &
    child=$!
    trap 'interrupted=yes; kill -USR1 "$child" 2>/dev/null' USR1
    trap 'interrupted=yes; cancelled=yes; kill -USR1 "$child" 2>/dev/null' TERM
    while true; do
        interrupted=no
        status=0
        wait "$child" || status=$?
        # A signal ends the `wait`, not the command.
        if [ "$interrupted" = no ] || [ "$status" -le 128 ]; then break; fi
    done
    trap - USR1 TERM
    return "$status"
}

# finish STATUS: says what the status of isotherm means, and ends the job with it.
finish() {
    case $1 in
    0) say "done" ;;
    75) say "stopped before the end, with a checkpoint: submit it again, and it goes on (status 75)" ;;
    *) say "ended with status $1 (isotherm --help)" ;;
    esac
    exit "$1"
}

# go_on STATUS: as `finish`, but a run that was stopped goes on: in the next job of an array, else in this
# one, which Slurm queues again.
go_on() {
    if [ "$1" != 75 ] || [ "$cancelled" = yes ]; then finish "$1"; fi
    if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
        if [ "$SLURM_ARRAY_TASK_ID" = "$SLURM_ARRAY_TASK_MAX" ]; then finish "$1"; fi
        say "stopped with a checkpoint: the next job of the array goes on"
        exit 0
    fi
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "${ISOTHERM_MOST_RESTARTS:-100}" ]; then
        say "this job was begun again $SLURM_RESTART_COUNT times: that is enough (ISOTHERM_MOST_RESTARTS)"
        finish "$1"
    fi
    scontrol requeue "$SLURM_JOB_ID" ||
        refuse "$1" "this cluster does not queue a job again: submit it with --array=1-20%1 instead"
    say "stopped with a checkpoint: the job is queued again"
    # The end comes from Slurm; any other status would be taken for that of the job.
    sleep 60
}
