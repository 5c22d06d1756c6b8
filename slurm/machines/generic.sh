# shellcheck shell=bash disable=SC2034
# A cluster, described for the job scripts and for `isotherm slurm`. Copy this file for yours, fill it in, and
# name it in ISOTHERM_MACHINE or with --machine. Lines are `name=value` in the shell's spelling and nothing
# else; what is empty or missing is not asked for.

# Words of `module load`: what isotherm was built with.
modules=
# Of sbatch: --partition, --account, --qos.
partition=
account=
qos=
# What starts the ranks; {ranks} and {threads} are filled in. srun forgets the --cpus-per-task of the job
# in some versions of Slurm, so it is told again.
launcher='srun --mpi=pmix --ntasks={ranks} --cpus-per-task={threads} --cpu-bind=cores'
# The program, from the folder that jobs are submitted from.
program=target/release/isotherm

# A node: physical cores, NUMA domains, MiB of memory that jobs may take. Only `isotherm slurm` reads these.
cores=64
numa_domains=8
memory=240000
# The longest job: minutes, hours:minutes:seconds or days-hours.
time_limit=24:00:00
# Cell updates a second and core, from `report.json` of a run there; where it is missing, `isotherm slurm`
# measures the machine that it runs on.
rate=
