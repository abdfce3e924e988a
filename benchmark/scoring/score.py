"""Scoring, from top to bottom: encode every view once, train the probes on the cached features, summarise.

iebench score
"""

import dataclasses
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from iebench.manifests.brief import cut
from iebench.manifests.common.progress import Meter
from iebench.manifests.factors import factor_groups
from iebench.manifests.schema import SPLITS
from iebench.manifests.text.plain_text import LONGEST_NAME, cleaned

from ..data.pairs import tuned
from ..distributed.ranks import ALONE, Ranks
from ..encoders.predictor import as_released
from ..encoders.prepared import PreparedEncoder
from ..features.feature_file import FeatureFile
from ..fitting import oracle
from ..fitting.context import Context, Suite, steps
from ..fitting.standardise import Standardiser
from ..metrics.targets import named, turns
from ..protocol import Protocol
from ..results.samples import Samples
from ..results.score import DataFacts, EncoderFacts, Score
from ..statistics.bootstrap import Bootstrap, plain
from ..statistics.metric_info import WHOLE
from ..statistics.resamples import Resamples
from ..training.config import RunConfig, versions
from . import probing, shift
from .answers import answers
from .examples import examples, retrievals
from .notes import about, scarce, signs, sizes, unsettled
from .splits import EncodedSplit, load_split, unseen


def score(
    encoder: PreparedEncoder | FeatureFile,
    data: Path,
    cache: Path,
    device: torch.device,
    protocol: Protocol,
    seed: int = 0,
    limit: int | None = None,
    ranks: Ranks = ALONE,
    samples: Samples | None = None,
    suite: Suite = "default",
    ask: Path | None = None,
) -> Score:
    """Score an encoder or a file of features on a dataset: probes are trained on the train split and measured on val.

    cache : folder of the feature files
    seed : seed of the probes' initial weights and of their orders of training objects
    limit : number of objects per split, evenly spread, for a smoke run
    ranks : this process among those that encode, the first of them; the others only call `encode_splits`, with the same
        arguments
    samples : store for the values of single objects; None to keep none
    suite : "full" to run the probes of that suite too, whose metrics no leaderboard ranks
    ask : another dataset, on whose val split the probes are measured; the score then has a `shift`

    Raises
    ------
    DatasetError : the dataset is missing or damaged, or has fewer than two views per object.
    EncoderError : the encoder fails on an image.
    """
    start = time.perf_counter()
    packages = versions()  # before the work: one that is updated meanwhile must not cost the score
    train, own, *others = encode_splits(encoder, data, cache, device, protocol, seed, limit, ranks, ask)
    val = others[0] if others else own
    notes, moved, unknown = tuple[str, ...](), val.fingerprint != train.fingerprint, False
    if moved:
        val = replace(val, split=shift.with_labels_of(train.split, val.split))
        notes = shift.limits(train.split, val.split, (ask or data).resolve().name)
        unknown = shift.has_unknown_classes(train.split, val.split)
        train, own = (replace(each, split=shift.with_latents_of(each.split, val.split)) for each in (train, own))
        val = replace(val, split=shift.with_latents_of(val.split, train.split))
    encoded = time.perf_counter()
    predictor = encoder.predictor
    notes += about(train.split.features, encoder.parts, predictor.latents if predictor else (), train.split.latents)
    answerable = predictor is not None and train.split.has(predictor.latents)
    released = protocol.quaternions == "as released"
    notes += signs(predictor if answerable else None, released, encoder.run is not None)
    moments, standardised = Standardiser.of(train.split.features), protocol.features == "standardised"
    notes += sizes(moments, standardised, val.split.features)
    notes += () if moved else unseen(data.name, train.split, val.split)
    groups, unnamed = named(group for group in factor_groups(train.recipe.factors) if val.split.has(group.names))
    notes += (*unnamed, *scarce(train.split, val.split, _least_views(encoder, protocol), turns(groups)))
    tuning = tuned(train.split.identities, protocol.tune, protocol.pair_seed)
    epochs = steps(protocol, 1 + len(encoder.parts), suite) * (1 if ask is None else 2)
    known = oracle.of(ask or data, val.recipe, val.split if moved else train.split)
    with as_released(predictor, released), Meter("probing", total=epochs, unit="epochs") as meter:
        context = Context(
            train=train.split,
            val=val.split,
            parts={WHOLE: slice(0, encoder.dim), **encoder.parts},
            standardiser=moments if standardised else Standardiser.nothing(encoder.width),
            method=predictor if answerable else None,
            protocol=protocol,
            bootstrap=Bootstrap.of(val.split.objects, protocol.draws, protocol.level, protocol.pair_seed),
            seeds=tuple(range(seed * protocol.seeds, (seed + 1) * protocol.seeds)),
            device=device,
            meter=meter,
            groups=groups,
            training_objects=np.flatnonzero(~tuning),
            tuning_objects=np.flatnonzero(tuning),
            oracle=known,
            symmetries=known,
            encoder=encoder if isinstance(encoder, PreparedEncoder) else None,
            network=encoder.method if isinstance(encoder, PreparedEncoder) else None,
            samples=samples,
            suite=suite,
        )
        values = probing.run(context)
        queries, every = examples(context), retrievals(context)
        if ask is not None:
            values = shift.without_class(values) if unknown else values
            fresh: dict[str, Any] = {
                "chosen": {},
                "metrics": {},
                "packages": {},
                "notes": [],
                "regularisation": {},
                "answers": {},
            }
            bounds = oracle.of(data, train.recipe, train.split)
            bootstrap = Bootstrap.of(own.split.objects, protocol.draws, protocol.level, protocol.pair_seed)
            before = replace(context, val=own.split, bootstrap=bootstrap, oracle=bounds, samples=None, **fresh)
            shifted = shift.shift_of(
                probing.run(before), values, bootstrap, _data_facts(data, train, own),
                own.split.identities == val.split.identities,
            )  # fmt: skip
    return Score(
        name=encoder.name,
        limit=limit,
        values={part: {m: plain(entry) for m, entry in measured.items()} for part, measured in values.items()},
        chosen=context.chosen,
        metrics=context.metrics,
        regularisation=context.regularisation,
        protocol_id=protocol.id,
        protocol=protocol,
        seed=seed,
        pairs={"train": train.pairs, "val": val.pairs},
        dataset=_data_facts(ask or data, train, val),
        shift=shifted if ask is not None else None,
        encoder=EncoderFacts(
            name=encoder.name,
            weights=encoder.weights,
            dim=encoder.dim,
            parts={part: (columns.start, columns.stop) for part, columns in encoder.parts.items()},
            resolution=encoder.resolution,
            has_predictor=encoder.predictor is not None,
            preprocessing=cleaned(encoder.preprocessing),
            precision=encoder.precision,
            training_data=cleaned(encoder.training_data),
        ),
        run=_facts(encoder.run) if encoder.run else {},
        cost=dataclasses.replace(encoder.cost, images_per_s=train.images_per_s),
        notes=tuple(map(cleaned, dict.fromkeys([*notes, *context.notes, *unsettled(context.regularisation)]))),
        device=_device_name(device),
        versions={**context.packages, **packages},
        seconds={"encoding": round(encoded - start, 2), "probing": round(time.perf_counter() - encoded, 2)},
        resamples=Resamples.of(context.bootstrap, values),
        examples=queries,
        retrievals=every,
        distributions=tuple(context.distributions),
        answers=answers(context),
    )


def encode_splits(
    encoder: PreparedEncoder | FeatureFile,
    data: Path,
    cache: Path,
    device: torch.device,
    protocol: Protocol,
    seed: int,
    limit: int | None,
    ranks: Ranks,
    ask: Path | None = None,
) -> list[EncodedSplit]:
    """Return the train and the val split, and the val split of `ask` if given; see `score` for the arguments."""
    splits = [load_split(encoder, data, split, cache, device, protocol, seed, limit, ranks) for split in SPLITS]
    if ask is not None:
        splits.append(load_split(encoder, ask, "val", cache, device, protocol, seed, limit, ranks, trained_on=data))
    return splits


def _data_facts(data: Path, train: EncodedSplit, val: EncodedSplit) -> DataFacts:
    return DataFacts(
        name=cut(cleaned(data.resolve().name), LONGEST_NAME),
        fingerprint=val.fingerprint,
        train_objects=train.split.objects,
        val_objects=val.split.objects,
        known_meshes=val.known_meshes,
        views=val.split.views,
    )


def _least_views(encoder: PreparedEncoder | FeatureFile, protocol: Protocol) -> int:
    """Number of views that an object needs, so that the protocol's retrieval metrics are defined."""
    if protocol.maps is not None or (encoder.predictor and protocol.retrieval != "with the source"):
        return 3
    return 2 if encoder.predictor else 0


def _facts(config: RunConfig) -> dict[str, Any]:
    return {**dataclasses.asdict(config), "data": cleaned(config.data.name)}  # a path has no meaning on another machine


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu, {torch.get_num_threads()} threads"
