"""Speed of importing published data, against `cp -r` of the same files and `tar xzf` of the same archive.

    python -m iebench.renderer.speed.importing             # 120 objects x 50 views of 256 pixels, about 45 MB

The fake renderer makes the files. Each round measures all methods once, in turn, so that changes of the machine's speed
affect all of them; the table gives medians. Warm: the files are in the page cache. Cold: the system was asked to drop
them from the cache. `cp` and `tar` leave writing to the system; the import waits until its shards are on the disk.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from iebench.manifests.common.machine import cores
from iebench.renderer.importing.fake import published_files
from iebench.renderer.importing.published import published_plan
from iebench.renderer.importing.run import import_dataset
from iebench.renderer.plan import Plan


def make(plan: Plan, folder: Path) -> int:
    """Write the published layout and its tar.gz; return the total size of the files in bytes."""
    size = 0
    for name, content in published_files(plan):
        path = folder / "3DIEBench" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        size += len(content)
    subprocess.run(["tar", "-C", folder, "-czf", folder / "3DIEBench.tar.gz", "3DIEBench"], check=True)
    os.sync()
    return size


def forget(folder: Path) -> None:
    """Ask the system to drop the contents of a folder's files from the page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def timed(action: Callable[[Path], object], out: Path) -> float:
    """Return the seconds that an action takes; its output is removed."""
    os.sync()
    start = time.perf_counter()
    action(out)
    seconds = time.perf_counter() - start
    shutil.rmtree(out)
    return seconds


@click.command()
@click.option("--objects", default=120, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--workers", default=cores(), show_default=True)
def main(objects: int, rounds: int, workers: int) -> None:
    """Time all methods and print medians and ratios."""
    plan = published_plan("3diebench", 50, 256, objects)
    with tempfile.TemporaryDirectory(dir=".", prefix="speed-") as name:
        folder = Path(name)
        megabytes = make(plan, folder) / 1e6
        source, archive = folder / "3DIEBench", folder / "3DIEBench.tar.gz"

        def unpack(out: Path) -> None:
            out.mkdir()
            subprocess.run(["tar", "-C", out, "-xzf", archive], check=True)

        methods: dict[str, Callable[[Path], object]] = {
            "cp -r": lambda out: subprocess.run(["cp", "-r", source, out], check=True),
            "import, folder": lambda out: import_dataset(plan, source, out, workers),
            "tar xzf": unpack,
            "import, tar.gz": lambda out: import_dataset(plan, archive, out, workers),
        }
        timings: dict[tuple[str, str], list[float]] = {}
        for _ in range(rounds):
            for state in ("warm", "cold"):
                for method, action in methods.items():
                    if state == "cold":
                        forget(folder)
                    timings.setdefault((method, state), []).append(timed(action, folder / "out"))
        medians = {key: statistics.median(seconds) for key, seconds in timings.items()}
    click.echo(f"{plan.images} images, {megabytes:.0f} MB, {workers} workers on {cores()} cores")
    for (method, state), seconds in medians.items():
        other = "cp -r" if "folder" in method else "tar xzf"
        ratio = f"  {medians[other, state] / seconds:.2f} of the speed of {other}" if "import" in method else ""
        click.echo(f"{state}  {method:15} {seconds:6.2f} s  {megabytes / seconds:6.1f} MB/s{ratio}")


if __name__ == "__main__":
    main()
