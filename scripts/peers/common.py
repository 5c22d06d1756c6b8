"""What the scripts that compare with other programs share: where the others are installed, how programs
are run on so many processors, and how a measurement is made while nothing else runs.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "scripts/peers"
REQUIREMENTS = PEERS / "requirements.txt"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
ENVIRONMENT = TARGET / "peers"
PYTHON = ENVIRONMENT / "bin/python"

TIMEOUT = 900
# The processors that others may take during a measurement, and how often it is tried.
QUIET, TRIES = 0.1, 3


class NotAvailable(Exception):
    """Says why a program cannot be had here."""


def execute(command, threads=None):
    """Runs a command, on the first so many processors, and returns what it prints."""
    environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    bind = None
    if threads:
        environment["OMP_NUM_THREADS"] = str(threads)
        processors = sorted(os.sched_getaffinity(0))[:threads]
        bind = lambda: os.sched_setaffinity(0, processors)  # noqa: E731
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, env=environment, preexec_fn=bind
        )
    except FileNotFoundError:
        raise NotAvailable(f"there is no {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise NotAvailable(f"not done after {TIMEOUT} s") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if re.search(r"\w", line)]
        errors = [line for line in lines if re.match(r"[\w.]*error\b", line, re.IGNORECASE)]
        raise NotAvailable((errors or lines or [f"status {done.returncode}"])[-1][:120])
    return done.stdout


def mpirun(ranks):
    # They inherit the processors they may use; mpirun would bind them to others.
    return ["mpirun", "-n", str(ranks), "--bind-to", "none", "--oversubscribe"]


def make_environment():
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)


def install(name, packages):
    """Installs packages into the environment, once for each state of the requirements."""
    mark = ENVIRONMENT / f"{name}.txt"
    if not packages or mark.exists() and mark.read_text() == REQUIREMENTS.read_text():
        return
    print("installing", *packages, file=sys.stderr)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    execute([*pip, "--constraint", REQUIREMENTS, *packages])
    mark.write_text(REQUIREMENTS.read_text())


def others_seconds():
    """Processor time that all programs but this one and what it started have taken so far."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    user, nice, system, _idle, _waiting, *interrupts_and_stolen = ticks
    total = user + nice + system + sum(interrupts_and_stolen)
    return total / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def quietly(measure):
    """What the measurement returns, and how many processors others took meanwhile.

    Is tried again where they took too many; the quietest counts.
    """
    tries = []
    while len(tries) < TRIES:
        start, before = time.monotonic(), others_seconds()
        measured = measure()
        others = (others_seconds() - before) / (time.monotonic() - start)
        tries.append((measured, others))
        if others <= QUIET:
            break
    return min(tries, key=lambda tried: tried[1])


def listed(kind, allowed=None):
    """A type of arguments: several of a kind, with commas between them."""

    def parse(text):
        values = [kind(word) for word in text.split(",")]
        if wrong := [value for value in values if allowed and value not in allowed]:
            raise argparse.ArgumentTypeError(f"{wrong[0]} is none of {', '.join(map(str, allowed))}")
        return values

    return parse
