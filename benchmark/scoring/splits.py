"""A split as probes see it: which objects count, their features, and the pairs of views that are asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.manifests.latents import uniforms
from iebench.manifests.recipe import Recipe

from ..data import pairs
from ..data.images import Images
from ..data.pairs import Identity
from ..data.rows import rows_of, spread
from ..data.split_overlap import leaked
from ..distributed.ranks import ALONE, Ranks
from ..encoders.prepared import Encoder
from ..errors import DatasetError
from ..features.cache import encode
from ..features.feature_file import FeatureFile
from ..fitting.context import Split
from ..protocol import Protocol

SMOKE_VIEWS = 8  # of each object, at most, in a smoke run: 64 objects are then encoded within a minute on a CPU


@dataclass(frozen=True)
class Loaded:
    """A split with what a score says of it.

    pairs : SHA-256 of the pair list
    known_meshes : objects that were left out, because their mesh is in train too
    images_per_s : when they were encoded, if that is known
    """

    split: Split
    fingerprint: str
    pairs: str
    recipe: Recipe
    known_meshes: int
    images_per_s: float | None


def load_split(
    encoder: Encoder | FeatureFile,
    data: Path,
    name: str,
    cache: Path,
    device: torch.device,
    protocol: Protocol,
    seed: int,
    limit: int | None,
    ranks: Ranks = ALONE,
) -> Loaded:
    """Encode a split, or read its features where they are cached, and draw its pairs.

    Raises
    ------
    DatasetError : missing or damaged, with fewer than two views of an object, or without val objects that may count.
    EncoderError : the encoder fails on an image.
    """
    images = Images.open(data, name)
    stored = images.views_per_object
    views = stored if limit is None else min(stored, SMOKE_VIEWS)
    if views < 2:
        raise DatasetError(f"{data} has one view of each object and scoring compares two: render more with --views")
    objects = spread(len(images) // stored, limit)
    rows = rows_of(objects, stored, views)
    names = images.table.select(["synset", "object_id"]).take(objects * stored).to_pylist()
    identities = [(row["synset"], row["object_id"]) for row in names]
    kept = kept_objects(data, identities) if name == "val" and protocol.known_meshes == "left out" else None
    encoded = encode(encoder, images, rows, cache, device, ranks)
    features = encoded.features
    if kept is not None and len(kept) < len(objects):  # encoded with the rest, so that all protocols share a cache
        chosen = rows_of(kept, views)
        identities, features, rows = [identities[i] for i in kept], features[chosen], rows[chosen]
    rounds = {"train": protocol.train_epochs, "val": protocol.val_pairs}[name]
    lists = protocol.pair_seed if protocol.pairs == "fixed" else protocol.pair_seed + 1 + seed
    drawn = pairs.draw(identities, views, rounds, lists, f"{name} pairs")
    split = Split(
        features=features,
        labels=images.labels[rows],
        latents={latent: values[rows] for latent, values in images.latents.items()},
        identities=identities,
        views=views,
        pairs=drawn,
        pixels=lambda chosen: images.read(rows[chosen], encoder.resolution),
    )
    left_out = len(objects) - split.objects
    return Loaded(
        split=split,
        fingerprint=images.info.fingerprint,
        pairs=pairs.digest(identities, drawn),
        recipe=images.info.recipe,
        known_meshes=left_out,
        images_per_s=encoded.images_per_s,
    )


def kept_objects(data: Path, identities: Sequence[Identity]) -> NDArray[np.int64]:
    """The positions of the val objects whose mesh is not in train.

    Raises
    ------
    DatasetError : there is none.
    """
    known = leaked(data)
    kept = np.array([i for i, identity in enumerate(identities) if identity not in known], np.int64)
    if not len(kept):
        raise DatasetError(
            f"the meshes of all val objects of {data} are in its train split too: split by mesh, or use a protocol "
            'with known_meshes = "kept"'
        )
    return kept


def unseen(data: str, train: Split, val: Split) -> tuple[str, ...]:
    """A note where val has classes that train lacks: nothing learnt there can name them.

    Raises
    ------
    DatasetError : train lacks all of them.
    """
    known = np.isin(val.labels, train.labels)
    if known.all():
        return ()
    lacking, classes = len(np.unique(val.labels[~known])), len(np.unique(val.labels))
    remedy = "render or import more objects of each class"
    if not known.any():
        raise DatasetError(f"the train split of {data} has no object of any of the {classes} classes in val: {remedy}")
    return (
        f"the train split of {data} has no object of {lacking} of the {classes} classes in val, so that top-1 is at "
        f"most {100 * known.mean():.1f} %: {remedy}",
    )


def tuned(objects: Sequence[Identity], share: float, seed: int) -> NDArray[np.bool_]:
    """Which train objects choose rates and decays, about `share` of them: (len(objects),).

    Whether an object is one of them depends on nothing but itself; at least one is and one is not, unless share is 0.
    """
    if share == 0:
        return np.zeros(len(objects), np.bool_)
    drawn = np.array([uniforms(seed, *identity, "tune", 1)[0, 0] for identity in objects])
    chosen: NDArray[np.bool_] = (drawn < max(share, np.nextafter(drawn.min(), 1))) & (drawn < drawn.max())
    return chosen


def turns(recipe: Recipe) -> dict[str, float]:
    """The latents that lie on a circle, with a full turn in their unit."""
    return {factor.name: factor.turn for factor in recipe.factors if factor.turn is not None}
