"""The input of the probes: the objects of a split, their features, and the fixed pairs of views."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.manifests.recipe import Recipe

from ..data import pairs
from ..data.images import Images
from ..data.pairs import Identity
from ..data.passes import ObjectPoints
from ..data.rows import rows_of, spread
from ..data.split_overlap import leaked
from ..distributed.ranks import ALONE, Ranks
from ..encoders.prepared import PreparedEncoder
from ..errors import DatasetError
from ..features.cache import encode
from ..features.feature_file import FeatureFile
from ..fitting.context import Split
from ..protocol import Protocol

SMOKE_VIEWS = 8  # most views per object in a smoke run: a CPU encodes 64 objects within a minute


@dataclass(frozen=True)
class EncodedSplit:
    """A split with the facts that a score stores about it.

    pairs : SHA-256 of the pair list
    known_meshes : number of objects that were left out because their mesh is in train too
    images_per_s : speed of encoding, None if unknown
    """

    split: Split
    fingerprint: str
    pairs: str
    recipe: Recipe
    known_meshes: int
    images_per_s: float | None


def load_split(
    encoder: PreparedEncoder | FeatureFile,
    data: Path,
    name: str,
    cache: Path,
    device: torch.device,
    protocol: Protocol,
    seed: int,
    limit: int | None,
    ranks: Ranks = ALONE,
    trained_on: Path | None = None,
) -> EncodedSplit:
    """Encode a split, or read its cached features, and draw its pairs.

    trained_on : dataset of the probes' train split, None for the same

    Raises
    ------
    DatasetError : missing or damaged, fewer than two views per object, or no val object with a mesh of its own.
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
    kept = kept_objects(data, identities, trained_on) if name == "val" and protocol.known_meshes == "left out" else None
    encoded = encode(encoder, images, rows, cache, device, ranks)
    features = encoded.features
    if kept is not None and len(kept) < len(objects):  # encoded too, so that all protocols share a cache
        chosen = rows_of(kept, views)
        identities, features, rows = [identities[i] for i in kept], features[chosen], rows[chosen]
    rounds = {"train": protocol.train_epochs, "val": protocol.val_pairs}[name]
    lists = protocol.pair_seed if protocol.pairs == "fixed" else protocol.pair_seed + 1 + seed
    surfaces = ObjectPoints.of(images)
    drawn = pairs.draw(identities, views, rounds, lists, f"{name} pairs")
    split = Split(
        features=features,
        labels=images.labels[rows],
        latents={latent: values[rows] for latent, values in images.latents.items()},
        identities=identities,
        views=views,
        pairs=drawn,
        pixels=lambda chosen: images.read(rows[chosen], encoder.resolution),
        points=None if surfaces is None else lambda chosen: surfaces.read(rows[chosen]),
        camera=images.info.recipe.still_camera,
    )
    left_out = len(objects) - split.objects
    return EncodedSplit(
        split=split,
        fingerprint=images.info.fingerprint,
        pairs=pairs.digest(identities, drawn),
        recipe=images.info.recipe,
        known_meshes=left_out,
        images_per_s=encoded.images_per_s,
    )


def kept_objects(data: Path, identities: Sequence[Identity], trained_on: Path | None = None) -> NDArray[np.int64]:
    """Return the indices of the val objects whose mesh is not in train; trained_on : dataset of train, if another.

    Raises
    ------
    DatasetError : there is no such object.
    """
    known = leaked(data, trained_on)
    kept = np.array([i for i, identity in enumerate(identities) if identity not in known], np.int64)
    if not len(kept) and trained_on is not None:
        raise DatasetError(
            f"the meshes of all val objects of {data} are in the train split of {trained_on}: give --ask a dataset "
            'with other objects, or use a protocol with known_meshes = "kept"'
        )
    if not len(kept):
        raise DatasetError(
            f"the meshes of all val objects of {data} are in its train split too: split by mesh, or use a protocol "
            'with known_meshes = "kept"'
        )
    return kept


def unseen(data: str, train: Split, val: Split) -> tuple[str, ...]:
    """Make a note if val has classes that train does not have, which no probe can predict.

    Raises
    ------
    DatasetError : train has none of val's classes.
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
