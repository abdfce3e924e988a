"""MRR, H@k and PRE in the released and in the strict form: plain loops, a perfect and a collapsed predictor."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scoring import ANGLES, SMALL, context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.fitting import standardise
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes import prediction as module
from iebench.benchmark.probes.prediction import prediction
from iebench.benchmark.statistics.bootstrap import Resampled
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.conventions import pose

Latents = Mapping[str, Tensor]
RELEASED = replace(SMALL, retrieval="with the source")


class Perfect(nn.Module):
    """Predictor for features that are a rotation matrix and the object's number; applies the rotation exactly."""

    latents = ANGLES

    def embed(self, representation: Tensor) -> Tensor:
        return representation

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        first, second = (pose(torch.stack([v[n] for n in ANGLES], -1).numpy()) for v in (source, target))
        embedding = embedding.repeat_interleave(len(second) // len(embedding), dim=0)
        turned = Rotation.from_matrix(embedding[:, :9].reshape(-1, 3, 3).double().numpy()) * (first.inv() * second)
        matrices = torch.from_numpy(turned.as_matrix()).reshape(-1, 9).float()
        return torch.cat([matrices, embedding[:, 9:]], dim=1)


class Identity(Perfect):
    """Predictor that ignores the action and returns its input."""

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        return embedding.repeat_interleave(len(target["rot_x"]) // len(embedding), dim=0)


class Noisy(Perfect):
    """Predictor that returns the exact embedding plus a fixed noise that depends on it."""

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        right = super().predict(embedding, source, target)
        return right + 0.5 * torch.sin(1000 * right)


class Collapsed(Identity):
    """Predictor that maps everything to one point."""

    def embed(self, representation: Tensor) -> Tensor:
        return torch.ones(len(representation), 33) * 0.1


def posed(objects: int = 12, views: int = 6, seed: int = 0) -> Split:
    bare = random_split(objects, views, seed=seed)
    matrices = pose(bare.columns(ANGLES, np.arange(objects * views))).as_matrix().reshape(-1, 9)
    code = np.repeat(np.random.default_rng(seed).normal(size=(objects, 8)), views, axis=0)
    return random_split(objects, views, np.concatenate([matrices, code], axis=1).astype(np.float32), seed=seed)


TRAIN = posed(objects=7, seed=1)


def context(method: nn.Module | None, released: bool = False) -> Context:
    return context_of(TRAIN, posed(), RELEASED if released else SMALL, method=method)


def values_of(method: nn.Module, released: bool = False) -> dict[str, float]:
    return {name: entry.value for name, entry in prediction(context(method, released))[WHOLE].items()}


def loop(method: Perfect, released: bool) -> dict[str, float]:
    """Compute the metrics one query at a time, in float64."""
    means = summary(*one_by_one(method, posed(), [posed()], released))
    if released:
        means["pre_all"] = np.mean(one_by_one(method, posed(), [posed(), TRAIN], released)[1])
        on_train = summary(*one_by_one(method, TRAIN, [TRAIN], released))
        means |= {f"{name}_train": value for name, value in on_train.items()}
    return means


def summary(ranks: list[int], errors: list[float]) -> dict[str, float]:
    hits = {f"h{k}": float(np.mean([rank <= k for rank in ranks])) for k in (1, 2, 5, 10)}
    return {"mrr": float(np.mean([1 / rank for rank in ranks])), **hits, "pre": float(np.mean(errors))}


def one_by_one(method: Perfect, split: Split, among: list[Split], released: bool) -> tuple[list[int], list[float]]:
    """Return each target view's rank in its object, and 1 - <q, q'>^2 to the nearest view of all splits `among`."""
    views, first = split.views, 0 if released else 1
    features = np.concatenate([other.features for other in among]).astype(np.float64)  # the split's own come first
    poses = np.concatenate([pose(o.columns(ANGLES, np.arange(len(o.features)))).as_quat() for o in among])
    ranks, errors = [], []
    for source in range(0, len(split.features), views):
        for target in range(source + first, source + views):
            latents = ({n: torch.tensor([split.latents[n][row]]) for n in ANGLES} for row in (source, target))
            query = method.predict(torch.from_numpy(features[[source]]), *latents)[0].numpy().astype(np.float64)
            cosine = [f @ query / np.linalg.norm(f) / np.linalg.norm(query) for f in features]
            own = list(range(source + first, source + views))
            ranks.append(1 + sorted(own, key=lambda row: -cosine[row]).index(target))
            allowed = [row for row in range(len(features)) if released or row != source]
            nearest = max(allowed, key=lambda row: cosine[row])
            errors.append(1 - float(poses[target] @ poses[nearest]) ** 2)
    return ranks, errors


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("method", [Noisy, Identity])
def test_every_value_equals_that_of_a_plain_loop(method: type[Perfect], released: bool) -> None:
    expected = loop(method(), released)
    values = values_of(method(), released)
    assert values == pytest.approx({f"{n}_released" if released else n: v for n, v in expected.items()}, abs=1e-6)
    assert values.keys() <= METRICS.keys() and (method is Identity or 0.3 < expected["mrr"] < 0.99)


@pytest.mark.parametrize("released", [False, True])
def test_a_perfect_predictor_finds_every_view(released: bool) -> None:
    values = values_of(Perfect(), released)
    expected = {name: 0.0 if name.startswith("pre") else 1.0 for name in values}
    assert values == pytest.approx(expected, abs=1e-9) and len(values) == (13 if released else 6)


@pytest.mark.parametrize("released", [False, True])
def test_a_collapsed_encoder_scores_chance(released: bool) -> None:
    entries = prediction(context(Collapsed(), released))[WHOLE]
    assert {name: f.value for name, f in entries.items()} == pytest.approx(
        {name: f.floor for name, f in entries.items()}
    )


@pytest.mark.parametrize("released", [False, True])
def test_one_answer_to_all_questions_gets_what_chance_gets(released: bool) -> None:
    values = prediction(context(Identity(), released))[WHOLE]  # its ranks are 1 to n, once each
    entries = [f for name, f in values.items() if not name.startswith("pre")]
    assert [f.value for f in entries] == pytest.approx([f.floor for f in entries])


def test_train_has_draws_of_its_own() -> None:
    entries = prediction(context(Noisy(), released=True))[WHOLE]
    train, val = entries["mrr_train_released"], entries["pre_all_released"]
    assert (train.objects, train.n, val.objects, val.n) == (7, 42, 12, 72) and train.low < train.value < train.high
    assert isinstance(val, Resampled) and not isinstance(train, Resampled)


def test_without_a_predictor_there_is_nothing_to_measure() -> None:
    assert prediction(context(None)) == {}


def test_objects_in_pieces_give_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = values_of(Noisy())
    monkeypatch.setattr(module, "ROWS_PER_BLOCK", 24)
    monkeypatch.setattr(standardise, "ROWS_PER_BLOCK", 24)
    assert values_of(Noisy()) == pytest.approx(whole, abs=1e-6)
