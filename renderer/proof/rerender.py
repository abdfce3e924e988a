"""Render samples of a dataset again with the same worker code, and compare them with the stored samples."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import DatasetInfo, read_table
from iebench.manifests.folder.index import rows
from iebench.manifests.reading.pictures import decode, peak_signal_to_noise
from iebench.manifests.reading.samples import Sample
from iebench.manifests.schema import IDENTITY, OBJECTS
from iebench.manifests.views import Views

from ..blender.floor_images import located_images
from ..blender.interface import BACKENDS, BLENDER
from ..errors import SourceError
from ..estimate import hang_after
from ..machine.memory import worker_memory
from ..machine.scratch import scratch
from ..output.shards import Outcome
from ..sources.registry import ObjectRef, open_source
from ..workers import worker
from ..workers.pool import Lost, Pool


@dataclass(frozen=True)
class Repeat:
    """A sample with its second rendering.

    picture : the new JPEG; b"" if rendering failed, with the cause
    same : True if every file of the sample, passes included, has the same bytes, and passes of numbers agree
    psnr : PSNR between the stored and the new JPEG in dB; infinite for equal pixels
    mesh_sha256 : SHA-256 of the current mesh
    """

    sample: Sample
    picture: bytes
    same: bool
    psnr: float
    mesh_sha256: str
    cause: str


@dataclass(frozen=True)
class Origin:
    """Location of the files from which a dataset was rendered.

    source : collection of the objects, as for `iebench render --source`; None for built-in objects
    images : folder of the floor's images; None if the floor shows none, or images that iebench ships
    """

    source: str | None = None
    images: Path | None = None

    def check(self, info: DatasetInfo) -> None:
        """Check that the files that a second rendering needs are given.

        Raises
        ------
        SourceError, SettingError : the objects are not built-in and no source was given, or an image is missing.
        """
        check_source(info, self.source)
        located_images(info.recipe, self.images)


def render_again(
    samples: Sequence[Sample], info: DatasetInfo, origin: Origin, device: str, workers: int
) -> tuple[dict[str, str], list[Repeat]]:
    """Render samples again; return the renderer's name, version and device, and the results in the order of `samples`.

    Raises
    ------
    SourceError, UnknownName, SettingError : an object is missing in the source, or an image of the floor.
    MissingPart, DeviceError : the renderer cannot start.
    """
    refs = _located(samples, info, origin.source)
    recipe = located_images(info.recipe, origin.images)
    quality = info.recipe.quality.get(info.quality) or next(iter(info.recipe.quality.values()))
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in sorted(samples, key=lambda sample: sample.key):
        groups.setdefault((sample.row["synset"], sample.row["object_id"]), []).append(sample)
    processes = max(1, min(workers if device == "cpu" else 1, len(groups)))
    backend, threads = BACKENDS.get(info.renderer["name"], BLENDER), max(1, workers // processes)
    setup = worker.Setup(backend, recipe, quality, device, threads)
    repeats: dict[str, Repeat] = {}
    most = max(len(group) for group in groups.values())
    patience, memory = hang_after(most, quality, info.recipe.resolution), worker_memory(processes, threads)
    with scratch() as folder, Pool(processes, setup, patience, memory, folder) as pool:
        renderer = pool.call(worker.about)
        tasks = ((name, (refs[name], _views(group, info))) for name, group in groups.items())
        with Meter("rendering again", len(samples), "images") as meter:
            for name, result in pool.run(worker.render_object, tasks):
                outcome = Outcome.failed(result.cause) if isinstance(result, Lost) else result
                for repeat in _compared(groups[name], outcome, _step(info)):
                    repeats[repeat.sample.key] = repeat
                    meter.advance()
    return renderer, [repeats[sample.key] for sample in samples]


def check_source(info: DatasetInfo, source: str | None) -> None:
    """Check that a source is given, unless the objects are built-in.

    Raises
    ------
    SourceError : the objects are not built-in, and no source was given.
    """
    if source is None and info.source != "builtin":
        raise SourceError(f"the objects came from {info.source}: give their location with --source PATH")


def objects_of(
    samples: Iterable[Mapping[str, Any]], info: DatasetInfo, source: str | None
) -> dict[tuple[str, str], ObjectRef]:
    """Return the objects of some samples of a dataset by synset and object id, located in their collection.

    Raises
    ------
    SourceError, UnknownName : an object is missing in the source.
    """
    identities = {(row["synset"], row["object_id"]): {name: row[name] for name in IDENTITY} for row in samples}
    check_source(info, source)
    if source is None:
        return {name: ObjectRef(**identity, mesh=None) for name, identity in identities.items()}
    name, collection = open_source(source)
    classes = [c for c in collection.classes() if c.synset in {synset for synset, _ in identities}]
    refs = {(ref.synset, ref.object_id): ref for ref in collection.objects(classes, None)}
    for absent in identities.keys() - refs.keys():
        raise SourceError(f"{source} ({name}) has no object {'/'.join(absent)}: give the collection that contains it")
    return {object_key: refs[object_key] for object_key in identities}


def _located(samples: Sequence[Sample], info: DatasetInfo, source: str | None) -> dict[tuple[str, str], ObjectRef]:
    """Return the objects of some samples as `objects_of` does, each with the other objects of its scene."""
    rows = [sample.row for sample in samples]
    if info.recipe.objects == 1:
        return objects_of(rows, info, source)
    known = {_name(row): row for row in read_table(samples[0].folder / "objects.parquet", OBJECTS).to_pylist()}
    others = {
        _name(row): [line.split()[0].split("/") for line in known[_name(row)]["companions"].split("\n")] for row in rows
    }
    further = [
        {"synset": synset, "object_id": object_id, "class_name": "", "label": 0, "split": known[name]["split"]}
        for name, companions in others.items()
        for synset, object_id in companions
    ]
    refs = objects_of(further + rows, info, source)  # of an object in both, its own row counts
    return {
        name: replace(refs[name], companions=tuple(refs[synset, object_id] for synset, object_id in companions))
        for name, companions in others.items()
    }


def _name(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["synset"], row["object_id"]


def _views(group: Sequence[Sample], info: DatasetInfo) -> Views:
    """Return the views of an object's samples; in a dataset with a flow, each is followed by the object's next view."""
    shown = [row for sample in group for row in _shown(sample, info)]
    latents = {name: tuple(row[name] for row in shown) for name in info.recipe.factor_names}
    return Views(tuple(row["view"] for row in shown), latents)


def _shown(sample: Sample, info: DatasetInfo) -> list[dict[str, Any]]:
    return [sample.row, _next_row(sample, info)] if _step(info) == 2 else [sample.row]


def _step(info: DatasetInfo) -> int:
    """Return the number of views that are rendered for a sample."""
    return 2 if "flow" in info.recipe.passes else 1


def _next_row(sample: Sample, info: DatasetInfo) -> dict[str, Any]:
    """Return the row of the object's next view; after the last that of the first."""
    table = read_table(sample.folder / f"{sample.stem}.parquet", rows(info.recipe))
    of_object = (pc.field("synset") == sample.row["synset"]) & (pc.field("object_id") == sample.row["object_id"])
    return min(table.filter(of_object).to_pylist(), key=lambda row: (row["view"] <= sample.row["view"], row["view"]))


def _compared(group: Sequence[Sample], outcome: Outcome, step: int) -> Iterator[Repeat]:
    for number, sample in enumerate(group):
        if outcome.status == "failed":
            yield Repeat(sample, b"", False, 0.0, "", outcome.cause)
            continue
        files = outcome.samples[number * step]
        same = all(sample.read("" if kind == "jpg" else kind.partition(".")[0]) == new for kind, new in files.items())
        columns = outcome.numbers[number * step] if outcome.numbers else {}
        same &= all(np.allclose(sample.row[name], value, atol=1e-6) for name, value in columns.items())
        psnr = peak_signal_to_noise(decode(sample.read()), decode(files["jpg"]))
        yield Repeat(sample, files["jpg"], same, psnr, outcome.mesh_sha256, "")
