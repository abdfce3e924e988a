"""Invariance Propagation's loss equals float64 loops over sets of objects; its bank changes with steps alone."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from contrast import one_by_one
from torch import Tensor

from iebench.baselines.action import OBJECT, Latents
from iebench.baselines.methods.invariant.invariance_propagation import (
    InvariancePropagation,
    InvariancePropagationSettings,
)
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.benchmark.errors import SettingError
from iebench.benchmark.training.config import RunConfig
from iebench.benchmark.training.train import train
from iebench.manifests.dataset import DatasetInfo

COUNT = 15


def method_of(**settings: float) -> InvariancePropagation:
    torch.manual_seed(0)
    small = {"background": 6, "neighbours": 2, "depth": 2, "positives": 3, "ramp": 1, "temperature": 0.3, **settings}
    chosen = InvariancePropagationSettings(projector=(12, 10), objects=COUNT, **small)  # type: ignore[arg-type]
    return InvariancePropagation(Encoder(EncoderSettings(0.125, "small")), chosen).double()


def batch(step: int, views: int = 2) -> tuple[Tensor, Latents]:
    """Return five objects of the bank, the next five at the next step."""
    torch.manual_seed(10 + step)
    numbers = (torch.arange(5) * 3 + step) % COUNT
    return torch.rand(5, views, 3, 32, 32, dtype=torch.float64), {OBJECT: numbers[:, None].expand(-1, views)}


def values(terms: Mapping[str, Tensor]) -> dict[str, float]:
    return {name: float(term.detach()) for name, term in terms.items()}


def unit(e: np.ndarray) -> np.ndarray:
    return e / np.linalg.norm(e, axis=-1, keepdims=True)


def trained(method: InvariancePropagation, steps: int) -> InvariancePropagation:
    for step in range(1, steps + 1):
        method.loss(*batch(step))
        method.after_step(step, 10)
    return method


def reached(near: np.ndarray, start: int, depth: int) -> set[int]:
    marked, front = set(), {start}
    for _ in range(depth):
        front = {int(n) for node in front for n in near[node]}
        marked |= front
    return marked - {start}


@pytest.mark.parametrize(("views", "background"), [(2, 6), (3, 6), (2, 100)])
def test_the_loss_of_a_step_equals_its_restatement(views: int, background: int) -> None:
    method = trained(method_of(background=background), 3)
    bank, near = method.bank.numpy().copy(), method.near.numpy().copy()
    images, latents = batch(4, views)
    with torch.no_grad():
        e = unit(one_by_one(images, method.encoder, method.projector).numpy())
    ours = values(method.loss(images, latents))
    terms = {"instance": 0.0, "propagation": 0.0}
    for i, k in np.ndindex(5, views):
        own, similar = int(latents[OBJECT][i, 0]), np.exp(bank @ e[i, k] / 0.3)
        nearest = set(np.argsort(-similar)[:background].tolist())
        positives = sorted(reached(near, own, 2), key=lambda n: similar[n])[:3]
        mass = {name: sum(similar[n] for n in nodes) for name, nodes in {
            "own": {own}, "background": nearest | {own}, "positives": positives,
            "others": (nearest - {own}) | set(positives),
        }.items()}  # fmt: skip
        terms["instance"] -= math.log(mass["own"] / mass["background"]) / 5 / views
        terms["propagation"] -= math.log(mass["positives"] / mass["others"]) / 5 / views
    assert ours == pytest.approx({"loss": terms["instance"] + 0.6 * terms["propagation"], **terms}, rel=1e-9)


def test_a_step_renews_the_bank_and_the_neighbours_of_its_objects() -> None:
    method, (images, latents) = trained(method_of(memory=0.7), 2), batch(3)
    bank, near, numbers = method.bank.numpy().copy(), method.near.numpy().copy(), latents[OBJECT][:, 0].tolist()
    with torch.no_grad():
        z = unit(one_by_one(images, method.encoder, method.projector).numpy()).mean(1)
    method.loss(images, latents)
    method.loss(images, latents)  # a look at the loss changes nothing
    assert np.array_equal(method.bank.numpy(), bank) and np.array_equal(method.near.numpy(), near)
    method.after_step(3, 10)
    for row, number in enumerate(numbers):
        others = [n for n in np.argsort(-(bank @ z[row])) if n != number]
        assert method.near[number].tolist() == others[:2]
    bank[numbers] = unit(0.7 * bank[numbers] + 0.3 * z)
    np.testing.assert_allclose(method.bank.numpy(), bank, rtol=1e-12)


def test_positives_count_once_all_objects_had_their_neighbours() -> None:
    method = method_of()
    assert values(method.loss(*batch(0)))["propagation"] == 0
    assert values(trained(method, 2).loss(*batch(0)))["propagation"] == 0
    method.after_step(3, 10)  # 15 of 15 objects
    assert values(method.loss(*batch(0)))["propagation"] > 0


def test_an_object_that_is_like_its_own_entry_alone_has_no_loss() -> None:
    """Entries are orthogonal and the temperature is low: the share of the own one is 1."""
    method = method_of(temperature=0.01)
    method.bank.copy_(torch.eye(COUNT, 10, dtype=torch.float64))
    images, latents = batch(0)
    latents = {OBJECT: torch.arange(5)[:, None].expand(-1, 2)}
    method.by_view = lambda module, views: [torch.eye(5, 10, dtype=torch.float64)] * 2  # type: ignore[method-assign]
    method.represent = lambda images: images  # type: ignore[method-assign]
    assert values(method.loss(images, latents))["instance"] == pytest.approx(0, abs=1e-9)


def test_gradients_of_both_terms_are_difference_quotients() -> None:
    method, (images, latents) = trained(method_of(), 3), batch(4)
    weight = method.projector[0].weight
    loss = method.loss(images, latents)
    assert values(loss)["propagation"] > 0
    loss["loss"].backward()
    direction = torch.randn_like(weight)
    slope, ends = float((weight.grad * direction).sum()), []  # type: ignore[operator]
    for step in (1e-6, -1e-6):
        with torch.no_grad():
            weight.add_(direction, alpha=step)
            ends.append(values(method.loss(images, latents))["loss"])
            weight.add_(direction, alpha=-step)
    assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5)


def test_a_checkpoint_continues_exactly() -> None:
    method, resumed = trained(method_of(), 4), method_of()
    resumed.load_state_dict(method.state_dict())
    assert values(resumed.loss(*batch(5))) == values(method.loss(*batch(5)))
    assert {"bank", "near", "seen"} < method.state_dict().keys() and not {"views", "numbers"} & set(method.state_dict())


@pytest.mark.slow
def test_the_bank_has_the_objects_that_a_run_trains_on(tiny_dataset: Path, tmp_path: Path) -> None:
    stored = DatasetInfo.load(tiny_dataset).counts["train"]["objects"]

    def run(*assignments: str, subset: int | None = None) -> RunConfig:
        small = ["batch=8", "resolution=16", "encoder.width=0.125", "encoder.stem=small", "steps=2"]
        return RunConfig.of(
            "invariance-propagation", "quick", [*small, *assignments], tiny_dataset, 0, "cpu", subset=subset
        )

    assert run().method_settings["objects"] == stored and run(subset=8).method_settings["objects"] == 8
    assert run(subset=stored + 5).method_settings["objects"] == stored
    with pytest.raises(SettingError, match=f"has {stored} objects and InvariancePropagation stores objects=9: leave"):
        train(tmp_path / "run", run("method.objects=9"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"memory": 1.0}, "memory must be at least 0 and below 1, not 1.0"),
        ({"depth": 0}, "depth must be at least 1, not 0"),
        ({"objects": 4}, "neighbours=4 needs more objects than 4: lower it"),
        ({"objects": 0}, "objects must be at least 1, not 0"),
    ],
)
def test_settings_that_are_none_are_refused(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        InvariancePropagationSettings(**settings)  # type: ignore[arg-type]
