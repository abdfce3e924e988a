"""The 55 classes: synset, name and label, and 3DIEBench's official list of objects."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .errors import UnknownName


@dataclass(frozen=True)
class ObjectClass:
    """A class of objects; `label` is the rank of the synset in ascending order, 0 .. 54."""

    synset: str
    name: str
    label: int


@cache
def classes() -> tuple[ObjectClass, ...]:
    """Return all 55 classes in label order."""
    text = (files("iebench.manifests") / "taxonomy.csv").read_text(encoding="utf-8")
    return tuple(ObjectClass(r["synset"], r["name"], int(r["label"])) for r in csv.DictReader(text.splitlines()))


def choose(selection: str, among: Sequence[ObjectClass] = ()) -> list[ObjectClass]:
    """Select classes by number ("10": evenly spread over all) or by names or synsets ("chair,mug,02691156").

    among : all classes of a collection; default: the 55 classes

    Raises
    ------
    UnknownName : a name is not a class (the message suggests similar names), or the number of classes is out of range.
    """
    everything = among or classes()
    by_name = {c.synset: c for c in everything} | {c.name: c for c in everything}
    if selection.isdecimal() and len(selection) < 8 and selection not in by_name:
        count = int(selection)
        if not 1 <= count <= len(everything):
            raise UnknownName("number of classes", selection, [f"1 .. {len(everything)}"])
        return [everything[i * len(everything) // count] for i in range(count)]
    chosen = []
    for name in (part.strip() for part in selection.split(",")):
        if name not in by_name:
            raise UnknownName("class", name, [c.name for c in everything])
        chosen.append(by_name[name])
    return sorted(set(chosen), key=lambda c: c.label)


@cache
def official_objects() -> pa.Table:
    """Return 3DIEBench's 52,472 objects: columns synset, object_id, split ("train", "val"), sorted by the first two."""
    return pq.read_table(Path(str(files("iebench.manifests") / "3diebench.parquet")))
