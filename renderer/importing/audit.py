"""Audit of an import: counts against the official list, latents against their laws, repeated rows, unusable objects.

The audit depends only on the source's files and the finished shards, not on interruptions of the import.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build
from iebench.manifests.conventions import ANGLES
from iebench.manifests.dataset import read_table
from iebench.manifests.fit import Fit, fit
from iebench.manifests.text.plain_text import check_text, cleaned

from ..errors import DatasetError, UsageError
from ..output.shards import shard_notes
from ..output.store import LocalStore
from ..plan import Plan, part_paths
from .census import Census, ObjectKey
from .unpack import ABSENT

AUDIT = "audit.json"
MEND = "delete it and import again"
EXAMPLES = 5
QUARTER = np.pi / 2 + 1e-9  # rad


@dataclass(frozen=True)
class Audit:
    """Content of audit.json.

    recipe, resolution, views : expected recipe, image size and number of views per object
    planned, imported : number of objects of the official list in the plan, and number of those that were imported
    absent, unusable : number of objects without any file in the source, and with a missing or broken file
    causes : SYNSET/OBJECT -> cause, of the first objects that were not imported; unusable before absent objects
    unlisted, unlisted_examples : objects in the source that are not on the official list
    views_found : number of views with image and latents -> number of the source's objects with so many views
    twice, other : number of files that repeat an earlier file's path, and of files outside the layout
    images : number of imported images
    fits : factor -> comparison of its imported values with its law; empty without images
    repeated, repeat_example : number of rows of latents equal to an earlier row, and the first: "KEY repeats KEY"
    poses_within, poses_equal : share of poses with all angles within a quarter turn, and share of poses that are the
        same rotation as such a pose
    """

    recipe: str
    resolution: int
    views: int
    planned: int
    imported: int
    absent: int
    unusable: int
    causes: dict[str, str]
    unlisted: int
    unlisted_examples: list[str]
    views_found: dict[str, int]
    twice: int
    other: int
    images: int
    fits: dict[str, Fit]
    repeated: int
    repeat_example: str
    poses_within: float
    poses_equal: float

    def save(self, folder: Path) -> None:
        """Write folder/audit.json, complete or not at all."""
        write_atomic(folder / AUDIT, json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    @staticmethod
    def load(folder: Path) -> "Audit":
        """Read folder/audit.json.

        Raises
        ------
        DatasetError : audit.json is missing or damaged.
        """
        try:
            table = json.loads((folder / AUDIT).read_text(encoding="utf-8"))
            check_text(table, folder / AUDIT, DatasetError, MEND)
            return build(Audit, table, AUDIT)
        except (OSError, ValueError, RecursionError, UsageError) as error:
            raise DatasetError(read_failure(folder / AUDIT, error, MEND)) from error


def audit(plan: Plan, out: Path, census: Census) -> Audit:
    """Audit a dataset whose shards are all written.

    census : counts of the source's files
    """
    recipe, shards = plan.recipe, plan.shards()
    notes = [note for shard in shards for note in shard_notes(LocalStore(out), recipe, shard) or []]
    failed = _failed(notes)
    absent = sum(owner not in census for owner in failed)
    causes = sorted(failed.items(), key=lambda item: item[0] not in census)  # broken objects first, absent ones last
    unlisted = census.unlisted()
    columns = ["key", *recipe.factor_names]
    table = pa.concat_tables(read_table(part_paths(out, shard)[1], columns=columns) for shard in shards)
    latents = {name: table[name].to_numpy() for name in recipe.factor_names}
    repeated, example = repeats(np.column_stack([latents[name] for name in recipe.factor_names]))
    within, equal = quarter_turns(np.column_stack([latents[name] for name in ANGLES]))
    return Audit(
        recipe=recipe.name,
        resolution=recipe.resolution,
        views=recipe.views,
        planned=len(notes),
        imported=len(notes) - len(failed),
        absent=absent,
        unusable=len(failed) - absent,
        causes={"/".join(owner): cause for owner, cause in causes[:EXAMPLES]},
        unlisted=len(unlisted),
        unlisted_examples=[cleaned("/".join(owner)) for owner in unlisted[:EXAMPLES]],
        views_found={str(views): count for views, count in census.views().items()},
        twice=census.twice,
        other=census.other,
        images=table.num_rows,
        fits={f.name: fit(latents[f.name], f.law) for f in recipe.factors} if table.num_rows else {},
        repeated=repeated,
        repeat_example=" repeats ".join(table["key"][row].as_py() for row in example),
        poses_within=within,
        poses_equal=equal,
    )


def commonest(plan: Plan, out: Path) -> tuple[int, str]:
    """Return the most frequent cause of failure and its number of objects; absence counts only if all are absent."""
    notes = [note for shard in plan.shards() for note in shard_notes(LocalStore(out), plan.recipe, shard) or []]
    counts = Counter(cause.partition("; ")[0] for cause in _failed(notes).values())  # drops "; 3 more of its files"
    cause, count = max(counts.items(), key=lambda item: (item[0] != ABSENT, item[1]))
    return count, cause


def _failed(notes: Iterable[dict[str, Any]]) -> dict[ObjectKey, str]:
    """Return synset and object id -> cause, for the objects that could not be used."""
    return {(n["synset"], n["object_id"]): n["cause"] for n in notes if n["status"] == "failed"}


def repeats(rows: NDArray[np.float64]) -> tuple[int, tuple[int, ...]]:
    """Count rows (n, k) that equal an earlier row; also return the indices of the first such row and its equal.

    Generators that draw all objects from one stream and skip finished objects give such rows when they are resumed.
    """
    order = np.lexsort(rows.T[::-1])  # stable: equal rows keep their order
    equal = (rows[order[1:]] == rows[order[:-1]]).all(1)
    if not equal.any():
        return 0, ()
    later, earlier = order[1:][equal], order[:-1][equal]
    first = int(later.argmin())
    return int(equal.sum()), (int(later[first]), int(earlier[first]))


def quarter_turns(angles: NDArray[np.float64]) -> tuple[float, float]:
    """Return the shares of poses (n, 3) with all angles within a quarter turn: as given, and as an equal rotation.

    (a, b, c) and (a + pi, pi - b, c + pi) are the same rotation. Angles are in radians.
    """
    if not len(angles):
        return 0.0, 0.0
    within = (np.abs(angles) <= QUARTER).all(1)
    twin = np.remainder(angles * [1, -1, 1] + 2 * np.pi, 2 * np.pi) - np.pi  # add a half turn, wrap to +-pi
    plain = np.remainder(angles + np.pi, 2 * np.pi) - np.pi
    equal = (np.abs(twin) <= QUARTER).all(1) | (np.abs(plain) <= QUARTER).all(1)
    return float(within.mean()), float(equal.mean())
