"""Scoring, from top to bottom: encode every view once, probe the cached features, summarise.

iebench score
"""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.manifests.common.progress import Meter
from iebench.manifests.latents import uniforms
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import SPLITS

from . import pairs, probes
from .bootstrap import Bootstrap, plain
from .config import RunConfig, versions
from .encoder import Encoder
from .errors import DatasetError
from .features import encode
from .images import Images, spread
from .leaks import leaked
from .measures import WHOLE
from .pairs import Identity
from .probes.context import Context, Split
from .probes.standardise import Standardiser
from .protocol import Protocol
from .resamples import Resamples
from .results import DataFacts, EncoderFacts, Score


def score(
    encoder: Encoder,
    data: Path,
    cache: Path,
    device: torch.device,
    protocol: Protocol,
    seed: int = 0,
    limit: int | None = None,
) -> Score:
    """Score an encoder on a dataset: probes are trained on its train split and measured on val.

    cache : folder of the feature files
    seed : of the probes' initial weights and orders
    limit : objects per split, evenly spread, for a smoke run

    Raises
    ------
    DatasetError : missing or damaged, or with fewer than two views of an object.
    EncoderError : the encoder fails on an image.
    """
    start = time.perf_counter()
    train, val = (_encoded(encoder, data, split, cache, device, protocol, seed, limit) for split in SPLITS)
    encoded = time.perf_counter()
    tuning = tuned(train.split.identities, protocol.tune, protocol.pair_seed)
    with Meter("probing", total=probes.epochs(protocol, 1 + len(encoder.parts)), unit="epochs") as meter:
        context = Context(
            train=train.split,
            val=val.split,
            parts={WHOLE: slice(0, encoder.dim), **encoder.parts},
            standardiser=_standardiser(protocol, train.split),
            method=encoder.predictor,
            protocol=protocol,
            bootstrap=Bootstrap.of(val.split.objects, protocol.draws, protocol.level, protocol.pair_seed),
            seeds=tuple(range(seed * protocol.seeds, (seed + 1) * protocol.seeds)),
            device=device,
            meter=meter,
            turns=turns(train.recipe),
            learners=np.flatnonzero(~tuning),
            tuners=np.flatnonzero(tuning),
        )
        values = probes.run(context)
    return Score(
        name=encoder.name,
        limit=limit,
        values={part: {m: plain(entry) for m, entry in measured.items()} for part, measured in values.items()},
        chosen=context.chosen,
        protocol_id=protocol.id,
        protocol=protocol,
        seed=seed,
        pairs={"train": train.pairs, "val": val.pairs},
        dataset=DataFacts(
            name=data.resolve().name,
            fingerprint=train.fingerprint,
            train_objects=train.split.objects,
            val_objects=val.split.objects,
            known_meshes=val.left_out,
            views=val.split.views,
        ),
        encoder=EncoderFacts(
            name=encoder.name,
            weights=encoder.weights,
            dim=encoder.dim,
            parts={part: (columns.start, columns.stop) for part, columns in encoder.parts.items()},
            resolution=encoder.resolution,
            has_predictor=encoder.predictor is not None,
            preprocessing=encoder.preprocessing,
            precision=encoder.precision,
        ),
        run=_facts(encoder.run) if encoder.run else {},
        cost=encoder.cost,
        device=_device_name(device),
        versions=versions(),
        seconds={"encoding": round(encoded - start, 2), "probing": round(time.perf_counter() - encoded, 2)},
        resamples=Resamples.of(context.bootstrap, values),
    )


@dataclass(frozen=True)
class _Encoded:
    split: Split
    fingerprint: str
    pairs: str
    recipe: Recipe
    left_out: int


def _encoded(
    encoder: Encoder,
    data: Path,
    name: str,
    cache: Path,
    device: torch.device,
    protocol: Protocol,
    seed: int,
    limit: int | None,
) -> _Encoded:
    images = Images.open(data, name)
    views = images.views_per_object
    if views < 2:
        raise DatasetError(f"{data} has one view of each object and scoring compares two: render more with --views")
    objects = spread(len(images) // views, limit)
    rows = (objects[:, None] * views + np.arange(views)).ravel()
    names = images.table.select(["synset", "object_id"]).take(objects * views).to_pylist()
    identities = [(row["synset"], row["object_id"]) for row in names]
    kept = kept_objects(data, identities) if name == "val" and protocol.known_meshes == "left out" else None
    features = encode(encoder, images, rows, cache, device)
    if kept is not None and len(kept) < len(objects):  # encoded with the rest, so that all protocols share a cache
        chosen = (kept[:, None] * views + np.arange(views)).ravel()
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
    )
    return _Encoded(
        split,
        images.info.fingerprint,
        pairs.digest(identities, drawn),
        images.info.recipe,
        len(objects) - split.objects,
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


def _standardiser(protocol: Protocol, train: Split) -> Standardiser:
    if protocol.features == "standardised":
        return Standardiser.of(train.features)
    return Standardiser.nothing(train.features.shape[1])


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
    return {factor.name: {"turn": 1.0, "rad": 2 * np.pi}[factor.unit] for factor in recipe.factors if factor.circular}


def _facts(config: RunConfig) -> dict[str, Any]:
    return {**dataclasses.asdict(config), "data": config.data.name}  # a path says nothing elsewhere


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu, {torch.get_num_threads()} threads"
