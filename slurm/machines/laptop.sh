# shellcheck shell=bash disable=SC2034
# One computer with a Slurm of its own, such as scripts/slurm-sandbox starts. generic.sh says what the lines mean.

# Ranks are not bound: Slurm may count more CPUs than there are.
launcher='mpirun -n {ranks} --bind-to none --oversubscribe'
program=target/release/isotherm
cores=2
numa_domains=1
memory=2000
time_limit=00:30:00
