"""Kills trainings with SIGKILL at random moments, by hand: the weights equal those of an uninterrupted training.

    python tests/by_hand/killed_training.py --times 20 --seed 0
    python tests/by_hand/killed_training.py --times 20 --seed 0 --ranks 2   # kills the launcher, or one of the ranks

The script starts a training and kills it at a random moment. No process may be left, and a checkpoint, if one exists,
must load. The same command then resumes the training. Every training that ends must have the weights, the checkpoint
and the log (except for times) of the uninterrupted one, bit for bit. On a fault the script prints a sentence and ends
with exit code 1.
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from os import environ, kill
from pathlib import Path

import torch
from helping import HELPERS
from observe import alive, command, descendants, end

from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.log import TIMES, read
from iebench.benchmark.training.runs import WEIGHTS
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset

TARGET = HELPERS / "train_target.py"


def start(run, data, ranks, steps):
    """Start a training in a separate process, with one thread per rank."""
    return subprocess.Popen(
        [sys.executable, TARGET, run, data, str(ranks), str(steps)],
        env={**environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
    )


def rank_processes(pid):
    """Return the process numbers of the ranks that a training has started."""
    return sorted(child for child in descendants(pid) if "spawn_main" in command(child) and alive(child))


def ended_alike(run, whole):
    """True if two finished trainings have bit-equal weights, optimizers and random generators, and the same log."""
    states = [torch.load(folder / CHECKPOINT, weights_only=True) for folder in (run, whole)]
    for state in states:
        state["progress"] = state["progress"]["step"]  # its times differ
    return (
        (run / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
        and same(*states)
        and log_of(run) == log_of(whole)
    )


def same(state, other):
    """True if two nested states are bit-equal."""
    if isinstance(state, torch.Tensor):
        return torch.equal(state, other)
    if isinstance(state, dict):
        return state.keys() == other.keys() and all(same(state[key], other[key]) for key in state)
    if isinstance(state, list | tuple):
        return len(state) == len(other) and all(map(same, state, other))
    return state == other


def log_of(run):
    """Return the log without its time columns."""
    return [{name: value for name, value in line.items() if name not in TIMES} for line in list(read(run))]


def wait_for_a_step(process, run):
    """Wait until a training has logged another step, or has ended."""
    before = len(list(read(run)))
    while len(list(read(run))) == before and process.poll() is None:
        time.sleep(0.01)


def one_kill(process, run, dice, startup, training):
    """Kill the process or one of its ranks once; return whether it was still running, and the fault found after it.

    One kill in three happens before the first step. Without `dice`, the process runs to its end.
    """
    if dice is None:
        process.wait()
    elif dice.random() < 1 / 3:
        time.sleep(dice.uniform(0, startup))
    else:
        wait_for_a_step(process, run)
        time.sleep(dice.uniform(0, training))
    family = [pid for pid in descendants(process.pid) if alive(pid)]
    if process.poll() is not None:
        error = process.communicate()[1].decode()
        return False, "" if process.returncode == 0 else f"exit code {process.returncode}: {error[-300:]}"
    with suppress(ProcessLookupError):
        kill(dice.choice([process.pid, *rank_processes(process.pid)]), signal.SIGKILL)
    process.communicate(timeout=60)
    if not end(family):
        return True, f"processes among {family} outlive the training"
    if (run / CHECKPOINT).exists():
        torch.load(run / CHECKPOINT, weights_only=True)
    return True, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--steps", type=int, default=100)
    arguments = parser.parse_args()
    from plans import plan_of  # not at the top, because a test imports this file

    root = Path(tempfile.mkdtemp(prefix="killed-"))
    data, whole, run = root / "data", root / "whole", root / "run"
    render_dataset(plan_of(), data, workers=1, backend=FAKE)
    begun = time.monotonic()
    process = start(whole, data, arguments.ranks, arguments.steps)
    wait_for_a_step(process, whole)
    startup = time.monotonic() - begun
    if process.wait() != 0:
        sys.exit("the uninterrupted training failed")
    training = time.monotonic() - begun - startup
    sys.stdout.write(f"uninterrupted: {startup:.1f} s until the first step, {training:.1f} s for the others\n")
    dice, kills, starts, finished, resumed = random.Random(arguments.seed), 0, 0, 0, 0
    while kills < arguments.times or run.exists() or not finished:
        starts += 1
        resumed += (run / CHECKPOINT).exists()
        process = start(run, data, arguments.ranks, arguments.steps)
        killed, wrong = one_kill(process, run, dice if kills < arguments.times else None, startup, training)
        kills += killed
        if not wrong and not killed:
            wrong = "" if ended_alike(run, whole) else "the finished training differs"
            finished += 1
            if not wrong:
                shutil.rmtree(run)
        if wrong:
            sys.exit(f"kill {kills}: {wrong}; see {run}")
    sys.stdout.write(
        f"{arguments.ranks} ranks: killed {kills} times in {starts} starts, {resumed} of which went on from a "
        f"checkpoint; {finished} trainings finished, all as uninterrupted\n"
    )
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
