"""The main path of `iebench verify`: check files, shards, tables and latents, then render some images again."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import DatasetInfo, checksums
from iebench.manifests.errors import DatasetError
from iebench.manifests.folder.checksums import SUMS, files, read_sums
from iebench.manifests.schema import SPLITS

from .findings import Failure, Report
from .law import check_laws, fits, in_one_line
from .repeat import check_pictures
from .rerender import Origin
from .shard import ShardFindings, ShardTask, check_file, check_shard
from .tables import check_fingerprint, check_listing, check_tables

PER_PROCESS = 64 << 20  # bytes per process; reading less is faster than starting a process
UNLISTED = 100  # most shards missing in SHA256SUMS that are checked; further shards are skipped


def verify(folder: Path, jobs: int, rerender: int = 0, origin: Origin | None = None, device: str = "cpu") -> Report:
    """Check every byte of a dataset, and some of its images by rendering them again.

    jobs : most processes
    rerender : number of random samples to render again, if all other checks pass
    origin, device : source files and device of the second rendering; device as for `iebench render`

    Raises
    ------
    DatasetError : the folder contains no finished dataset, or its dataset.json is damaged.
    SourceError, MissingPart, DeviceError : the objects, the renderer or the device is missing.
    """
    info, report, origin = DatasetInfo.load(folder), Report(), origin or Origin()
    if rerender:
        origin.check(info)  # fail early, not after an hour of reading
    present = files(folder)
    try:
        sums = read_sums(folder, checksums(folder))
    except DatasetError as error:  # without SHA256SUMS, the hashes of files are not checked
        report.add([Failure("files", SUMS, "", str(error))])
        sums = {}
    report.add(check_listing(present, sums, info))
    counted = info.stems()
    unlisted = [stem for stem in counted if sums and f"{stem}.parquet" not in sums and f"{stem}.tar" not in sums]
    skipped = set(unlisted[UNLISTED:])
    stems = [stem for stem in counted if stem not in skipped]
    shards = {f"{stem}.{kind}" for stem in stems for kind in ("tar", "parquet")}
    for name in sorted(sums.keys() - shards):
        report.add(check_file(folder, name, sums[name]))
    tasks = [ShardTask(folder, info, s, sums.get(f"{s}.tar"), sums.get(f"{s}.parquet")) for s in stems]
    start = time.monotonic()
    findings = _check_shards(tasks, jobs)
    report.bytes, report.seconds = sum(task.bytes for task in tasks), time.monotonic() - start
    for part in findings:
        report.add(part.failures)
    report.images = sum(part.images for part in findings)
    report.checks["latents"] = f"drawn again from seed {info.seed}, equal to the last bit"
    if all(part.notes is not None for part in findings):  # the tables can only be compared with complete notes
        report.add(check_tables(folder, info, [note for part in findings for note in part.notes or []]))
        report.add(check_fingerprint(folder, info, stems))
        if info.latents != "drawn":
            comparisons = fits(folder, info)
            report.checks["latents"] = in_one_line(comparisons, info.latents)
            report.add(check_laws(comparisons, published=info.latents == "published"))
        if rerender and report.ok and report.images:
            report.checks["rerender"], wrong = check_pictures(folder, info, rerender, origin, device, jobs)
            report.add(wrong)
    return report


def _check_shards(tasks: Sequence[ShardTask], jobs: int) -> list[ShardFindings]:
    """Check all shards, in several processes if that is faster; return the findings in the order of `tasks`."""
    size, findings = sum(task.bytes for task in tasks), {}
    images = sum(tasks[0].info.counts[split]["images"] for split in SPLITS) if tasks else 0
    with Meter("verifying", images, "images") as meter:
        for task, part in _results(tasks, min(jobs, len(tasks), 1 + size // PER_PROCESS)):
            findings[task.stem] = part
            meter.advance(part.images)
    return [findings[task.stem] for task in tasks]


def _results(tasks: Sequence[ShardTask], processes: int) -> Iterator[tuple[ShardTask, ShardFindings]]:
    if processes <= 1:
        yield from ((task, check_shard(task)) for task in tasks)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(check_shard, task): task for task in tasks}
        yield from ((running[future], future.result()) for future in as_completed(running))
