"""Kills renders with SIGKILL at random moments, by hand: no data is lost, and no wrong data looks right.

    python tests/by_hand/faults.py --times 50 --seed 0              # the fake renderer, slowed down
    python tests/by_hand/faults.py --times 50 --seed 0 --blender    # Blender at 32 pixels

The victim is the driver, one worker, or all processes at once. The script starts a render, kills the victim at a random
moment, and checks the folder. After every kill of the driver no process may be left. Every finished shard must hold the
bytes of an uninterrupted run. dataset.json may exist only if everything else does. The same command then resumes the
render; in the end the whole dataset must equal the uninterrupted one, byte by byte. On a fault the script prints a
sentence and ends with exit code 1.
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
from os import environ, kill, pathsep
from pathlib import Path

from helping import HELPERS
from observe import alive, content, descendants, end

VICTIMS = ("driver", "worker", "all")


def start(folder, backend):
    """Start a render in a separate process."""
    command = [sys.executable, HELPERS / "kill_target.py", folder, "2", backend]
    return subprocess.Popen(
        command,
        env={**environ, "PYTHONPATH": pathsep.join([str(HELPERS), environ.get("PYTHONPATH", "")])},
        stderr=subprocess.PIPE,
    )


def files(folder):
    """Return the files of a dataset by path, without the lock that a kill may leave behind."""
    return {name: data for name, data in content(folder).items() if name != ".lock"}


def check(folder, whole):
    """Return the fault of an unfinished folder, as a sentence; an empty text if there is none."""
    kept = {name: data for name, data in files(folder).items() if ".partial" not in name}
    for name, data in kept.items():
        if name.endswith(".parquet") and name.count("/") and data != whole[name]:
            return f"{name} is not the one of an uninterrupted run"
        if name.endswith(".parquet") and name.count("/") and kept.get(name[:-8] + ".tar") != whole[name[:-8] + ".tar"]:
            return f"{name} is there, but its tar is not that of an uninterrupted run"
    return "dataset.json is there, and not all else" if "dataset.json" in kept and kept != whole else ""


def one_kill(folder, whole, victim, dice, backend, longest):
    """Start or resume a render and kill it once; return whether it was still running, and the fault found after it."""
    process = start(folder, backend)
    time.sleep(dice.uniform(0, longest))
    family = descendants(process.pid)
    if process.poll() is not None:
        process.communicate()
        return False, "" if process.returncode == 0 else f"exit code {process.returncode}"
    if victim == "worker":
        workers = [pid for pid in family if alive(pid)]
        with suppress(ProcessLookupError):
            kill(dice.choice(workers), signal.SIGKILL) if workers else None
        error = process.communicate(timeout=300)[1].decode()
        return bool(
            workers
        ), "" if process.returncode == 0 else f"the run did not survive a lost worker: {error[-300:]}"
    for pid in [process.pid, *(family if victim == "all" else [])]:
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)
    process.communicate()
    return True, check(folder, whole) if end(family) else f"processes among {family} outlive the driver"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--victim", choices=VICTIMS, action="append", help="only this one; may be repeated")
    parser.add_argument("--blender", action="store_true")
    arguments = parser.parse_args()
    backend = "iebench.renderer.blender.blender:BlenderRenderer" if arguments.blender else "flaky:Slow"
    root = Path(tempfile.mkdtemp(prefix="faults-"))
    begun = time.monotonic()
    if start(root / "whole", backend).wait() != 0:
        sys.exit("the uninterrupted run failed")
    longest = 1.5 * (time.monotonic() - begun)
    whole = content(root / "whole")
    sys.stdout.write(
        f"uninterrupted: {longest / 1.5:.1f} s, {len(whole)} files; kills come 0 to {longest:.1f} s after a start\n"
    )
    for victim in arguments.victim or VICTIMS:
        dice, folder, kills, runs, finished, shards = random.Random(arguments.seed), root / victim, 0, 0, 0, []
        while kills < arguments.times:
            runs += 1
            killed, wrong = one_kill(folder, whole, victim, dice, backend, longest)
            kills += killed
            shards.append(len(list(folder.glob("*/*.parquet"))))
            if not wrong and (folder / "dataset.json").exists():
                finished += 1
                wrong = "" if files(folder) == whole else "the finished dataset differs"
                if not wrong:
                    shutil.rmtree(folder)
            if wrong:
                sys.exit(f"{victim}, kill {kills}: {wrong}; see {folder}")
        if folder.exists():
            if start(folder, backend).wait() != 0 or files(folder) != whole:
                sys.exit(f"{victim}: the dataset finished at last differs; see {folder}")
            finished += 1
        sys.stdout.write(
            f"{victim:8} killed {kills} times in {runs} starts; {finished} datasets finished, all as uninterrupted; "
            f"{sum(0 < count < 5 for count in shards)} kills left 1 to 4 of the 5 shards\n"
        )
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
