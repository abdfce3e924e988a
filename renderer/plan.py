"""The plan: the assignment of objects to shards. It is fixed before Blender starts, and the same on every machine."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iebench.manifests.common.settings import differing, flat
from iebench.manifests.folder.counts import MOST_SHARDS
from iebench.manifests.recipe import Quality, Recipe
from iebench.manifests.schema import FORMAT, SPLITS, shard_stem
from iebench.manifests.views import GivenViews, Views, drawn

from .blender.controls.wiring import quality_for
from .errors import UsageError
from .sources import ObjectRef

IMAGES_PER_SHARD = (256, 2500)  # smallest, largest number; a killed run loses at most one shard per worker
SHARDS_WANTED = 64  # number of shards if their size stays within these limits


@dataclass(frozen=True)
class Shard:
    """A tar with its Parquet: the unit in which a run resumes."""

    split: str
    number: int
    objects: tuple[ObjectRef, ...]

    @property
    def stem(self) -> str:
        """Path of both files inside the dataset, without suffix."""
        return shard_stem(self.split, self.number)


@dataclass(frozen=True)
class Plan:
    """Everything that determines a dataset's content.

    quality : name of one of the recipe's qualities
    seed : seed of the latents; None if they come with published images
    objects : sorted by split, synset and object id, without repeats
    view_table : the views to render; None if they are drawn from the recipe's laws and the seed
    """

    recipe: Recipe
    quality: str
    seed: int | None
    source: str
    licence: str
    objects: tuple[ObjectRef, ...]
    view_table: GivenViews | None = None

    def __post_init__(self) -> None:
        ordered = sorted(self.objects, key=lambda o: (o.split, o.synset, o.object_id))
        object.__setattr__(self, "objects", tuple(ordered))

    @property
    def images(self) -> int:
        """Total number of images."""
        return sum(map(self.view_count, self.objects))

    def view_count(self, ref: ObjectRef) -> int:
        """Return the number of images of one object."""
        return self.view_table.count(ref.synset, ref.object_id) if self.view_table else self.recipe.views

    def views(self, ref: ObjectRef) -> Views:
        """Return the views of one object with their latents; a pure function of plan and object."""
        if self.view_table:
            return self.view_table.of(ref.synset, ref.object_id)
        if self.seed is None:
            raise ValueError("the views of published pictures are in their files, not in the plan")
        return drawn(self.recipe, self.seed, ref.synset, ref.object_id)

    @property
    def latents(self) -> str:
        """Origin of the latents, for dataset.json."""
        return f"given {self.view_table.sha256}" if self.view_table else "published" if self.seed is None else "drawn"

    @property
    def quality_settings(self) -> Quality:
        return quality_for(self.recipe, self.recipe.quality[self.quality])

    def shards(self) -> list[Shard]:
        """Return the shards in order; their size depends only on the plan, never on the workers."""
        low, high = IMAGES_PER_SHARD
        size = min(max(self.images // SHARDS_WANTED, low), high)
        per_shard = max(1, size // self.recipe.views)
        shards = []
        for split in SPLITS:
            members = [o for o in self.objects if o.split == split]
            for number, start in enumerate(range(0, len(members), per_shard)):
                shards.append(Shard(split, number, tuple(members[start : start + per_shard])))
        return shards

    def identity(self) -> dict[str, Any]:
        """Return the properties that two runs must share to write into one folder, as plain JSON."""
        return {
            "format": FORMAT,
            "source": self.source,
            "seed": None if self.view_table else self.seed,
            "latents": self.latents,
            "quality": self.quality,
            "objects": len(self.objects),
            "objects_sha256": self._objects_sha256(),
            "recipe": self.recipe.as_dict(),
        }

    def _objects_sha256(self) -> str:
        """Return the SHA-256 of all objects' names as one JSON list; only a part of the list is in memory at a time."""
        digest, step = hashlib.sha256(b"["), 10_000
        for start in range(0, len(self.objects), step):
            names = [_names(ref) for ref in self.objects[start : start + step]]
            digest.update((", " if start else "").encode() + json.dumps(names)[1:-1].encode())
        digest.update(b"]")
        return digest.hexdigest()

    def limited(self, count: int) -> "Plan":
        """Return the plan with at most `count` objects, spread evenly over it."""
        total = len(self.objects)
        kept = [self.objects[i * total // count] for i in range(count)] if count < total else self.objects
        return dataclasses.replace(self, objects=tuple(kept))

    def without_objects(self) -> "Plan":
        """Return the plan without objects, for machines that receive objects shard by shard."""
        return dataclasses.replace(self, objects=())


def _names(ref: ObjectRef) -> list[str]:
    """Return what identifies an object of a plan, and the other objects of its scene."""
    others = [name for other in ref.companions for name in (other.synset, other.object_id)]
    return [ref.split, ref.synset, ref.object_id, *others]


def check_shards(plan: Plan) -> None:
    """Refuse a plan with more shards than a dataset may have.

    Raises
    ------
    UsageError : the plan has more shards; the message gives the number of images.
    """
    if (count := len(plan.shards())) > MOST_SHARDS:
        raise UsageError(
            f"{plan.images:,} images fill {count:,} shards, and a dataset has {MOST_SHARDS:,} at most: make several "
            "datasets, by --classes or with fewer --views"
        )


def identity_differences(stored: dict[str, Any], requested: dict[str, Any]) -> list[str]:
    """Return the differences between two plan identities, one short phrase each."""
    plain = [flat(json.loads(json.dumps(identity))) for identity in (stored, requested)]  # JSON has lists, no tuples
    return [
        f"{key} is {old!r:.60} in it and {new!r:.60} in this command" for key, (old, new) in differing(*plain).items()
    ]


def part_paths(folder: Path, shard: Shard) -> tuple[Path, Path]:
    """Return the paths of a shard's tar and Parquet."""
    return folder / f"{shard.stem}.tar", folder / f"{shard.stem}.parquet"
