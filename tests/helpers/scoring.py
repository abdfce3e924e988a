"""Small runs, contexts and scores for the tests of scoring, made without any training."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tiny import tiny
from torch import nn

from iebench.baselines.method import Method, build
from iebench.benchmark.data import pairs
from iebench.benchmark.encoders import registry
from iebench.benchmark.encoders.prepared import PreparedEncoder, prepare
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.fitting.standardise import Standardiser
from iebench.benchmark.metrics import STANDARD
from iebench.benchmark.protocol import FewShot, Head, Maps, Protocol, load
from iebench.benchmark.results.score import DataFacts, EncoderFacts, Score
from iebench.benchmark.statistics.bootstrap import Bootstrap, Estimate
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.statistics.resamples import Resamples, digest_of, pack
from iebench.benchmark.training import runs
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import DatasetInfo

LINEAR = Head(hidden=(), epochs=3, batch=16, lr=(1e-3,), weight_decay=(0.0,), schedule="linear")
BRIEF = replace(LINEAR, hidden=(16,))
SMALL = replace(
    load("strict"), name="test", heads={"classification": LINEAR, "rotation": BRIEF, "changes": BRIEF}, val_pairs=4,
    draws=50, few_shot=FewShot((1, 5), 2), maps=Maps(dims=8, pairs=2, units=8),
)  # fmt: skip
VAL_OBJECTS = 6
HUES = ("floor_hue", "light_hue")
ANGLES = ("rot_x", "rot_y", "rot_z")


def untrained_run(folder: Path, data: Path, method: str = "sie") -> Path:
    """Write a finished run of a tiny encoder without training it."""
    settings, own = resolve(method, "quick", ["encoder.width=0.125", *tiny(method, "[8]")])
    fingerprint = DatasetInfo.load(data).fingerprint
    RunConfig(method, asdict(own), settings, data, fingerprint, 32, 0, "cpu", {}).save(folder)
    torch.manual_seed(0)
    runs.save_weights(folder, build(method, own, settings.encoder))
    return folder


def from_run(folder: Path, resolution: int | None, device: torch.device) -> PreparedEncoder:
    """Return a run's encoder, prepared for scoring at its own image size."""
    loaded = registry.load(f"run:{folder}", {})
    return prepare(loaded, resolution or loaded.side(0), device)


def random_split(
    objects: int, views: int, features: NDArray[np.float32] | None = None, seed: int = 0, rounds: int = 3
) -> Split:
    """Return a split with random latents; by default the features are angles, hues and a code of the class."""
    generator = np.random.default_rng(seed)
    count = objects * views
    latents = {name: generator.uniform(-np.pi / 2, np.pi / 2, count) for name in ANGLES}
    latents |= {name: generator.uniform(0, 1, count) for name in HUES}
    labels = np.repeat(np.arange(objects) % 4, views)
    if features is None:
        columns = [*(latents[name] for name in (*ANGLES, *HUES)), *np.eye(4)[labels].T]
        features = np.stack(columns, axis=1).astype(np.float32)
    identities = [(f"{seed:08d}", f"{i:05d}") for i in range(objects)]
    drawn = pairs.draw(identities, views, rounds, 0, "test pairs")
    return Split(features, labels, latents, identities, views, drawn)


def context_of(
    train: Split, val: Split, protocol: Protocol = SMALL, method: nn.Module | None = None,
    parts: Mapping[str, slice] | None = None, tuning: int = 4,
) -> Context:  # fmt: skip
    """Return a context over two splits; `method` may be any module with a predictor's methods.

    tuning : number of tuning objects, which select learning rates and weight decays; they come first in train
    """
    return Context(
        train=train,
        val=val,
        parts=parts or {WHOLE: slice(0, train.features.shape[1])},
        standardiser=Standardiser.of(train.features),
        method=method,  # type: ignore[arg-type]
        protocol=protocol,
        bootstrap=Bootstrap.of(val.objects, protocol.draws, protocol.level, 0),
        seeds=tuple(range(protocol.seeds)),
        device=torch.device("cpu"),
        meter=Meter("probing", total=1, unit="epochs"),
        groups=STANDARD,
        training_objects=np.arange(tuning, train.objects),
        tuning_objects=np.arange(tuning),
    )


def measured(value: float, half: float = 0.05, floor: float = 0.1) -> Estimate:
    """Return a value with a symmetric interval."""
    return Estimate(value, value - half, value + half, floor, 96, 6)


def score_of(name: str, values: Mapping[str, Mapping[str, Estimate]], fingerprint: str = "f" * 64) -> Score:
    """Return a score with these values and made-up metadata, its parts side by side."""
    parts = {part: (8 * i, 8 * i + 8) for i, part in enumerate(part for part in values if part != WHOLE)}
    return Score(
        name=name,
        limit=None,
        values={part: dict(metrics) for part, metrics in values.items()},
        protocol_id=SMALL.id,
        protocol=SMALL,
        seed=0,
        pairs={"train": "a" * 64, "val": "b" * 64},
        dataset=DataFacts("tiny", fingerprint, 24, VAL_OBJECTS, 16),
        encoder=EncoderFacts(name, "c" * 64, 64, parts, 32, False),
        device="cpu",
        versions={"python": "3"},
        seconds={"encoding": 1.0, "probing": 2.0},
        resamples=resamples_of(name, values),
    )


def resamples_of(name: str, values: Mapping[str, Mapping[str, Estimate]]) -> Resamples:
    """Made-up bootstrap samples with the intervals of `values`, independent between names, and values per object."""
    draws: dict[str, dict[str, str]] = {}
    for part, measured in values.items():
        for metric, entry in measured.items():
            generator = np.random.default_rng(zlib.crc32(f"{name} {part} {metric}".encode()))
            drawn = generator.normal(size=SMALL.draws)
            low, high = np.quantile(drawn, [0.025, 0.975])
            scaled = entry.low + (drawn - low) * (entry.high - entry.low) / (high - low)
            draws.setdefault(part, {})[metric] = pack(scaled)
    each = {metric: pack(np.linspace(e.low, e.high, e.objects)) for metric, e in values.get(WHOLE, {}).items()}
    return Resamples(digest_of(VAL_OBJECTS, SMALL.draws, SMALL.pair_seed) or "", draws, each)


def with_limit(score: Score, limit: int) -> Score:
    """Return the same score, marked as a smoke run."""
    return replace(score, limit=limit)


__all__ = ["ANGLES", "BRIEF", "HUES", "LINEAR", "SMALL", "Method", "context_of", "from_run", "measured",
           "random_split", "score_of", "untrained_run", "with_limit"]  # fmt: skip
