# shellcheck shell=bash disable=SC2034
# What the scripts that speak to Slurm from outside of a job have in common; sourced, not run.
# shellcheck source=slurm/job.sh
. slurm/job.sh

# Reads `--machine FILE` off the front of the arguments; `taken` is how many they were. `options` are
# then those of the machine for sbatch and salloc.
take_machine() {
    taken=0
    case ${1:-} in
    --machine)
        ISOTHERM_MACHINE=${2:?needs a file}
        taken=2
        ;;
    --machine=*)
        ISOTHERM_MACHINE=${1#*=}
        taken=1
        ;;
    esac
    export ISOTHERM_MACHINE=${ISOTHERM_MACHINE:-slurm/machines/generic.sh}
    [ -f "$ISOTHERM_MACHINE" ] || refuse 2 "there is no machine file $ISOTHERM_MACHINE"
    local partition='' account='' qos=''
    # shellcheck source=slurm/machines/generic.sh
    . "$ISOTHERM_MACHINE"
    options=(${partition:+"--partition=$partition"} ${account:+"--account=$account"} ${qos:+"--qos=$qos"})
    command -v sbatch >/dev/null || refuse 127 "there is no sbatch here: log in to a machine of the cluster," \
        "load its module for Slurm, or try scripts/slurm-sandbox up"
}

# Submits a job and prints its number.
submit() {
    local job
    job=$(sbatch --parsable ${options[@]+"${options[@]}"} "$@") || exit 2
    echo "${job%%;*}"
}
