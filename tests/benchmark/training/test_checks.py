"""Checks before a run and at each step: accepted settings, and messages for refused ones."""

import copy
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from iebench.baselines.errors import LabelOutOfRange, MethodBroken
from iebench.baselines.method import build, find
from iebench.baselines.methods.random import Random, RandomSettings
from iebench.baselines.networks import backbone as backbones
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.benchmark.data.images import Images
from iebench.benchmark.distributed.ranks import Ranks
from iebench.benchmark.errors import RunError, RunExists, SettingError
from iebench.benchmark.training.checkpoint import CHECKPOINT, KEPT
from iebench.benchmark.training.checks import (
    check_backbone,
    check_fit,
    check_groups,
    check_map,
    check_ranks,
    checked,
    claim,
)
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.benchmark.training.runs import WEIGHTS
from iebench.benchmark.training.train import train


def config(*assignments: str, method: str = "sie") -> RunConfig:
    settings, own = resolve(method, "quick", assignments)
    return RunConfig(method, asdict(own), settings, Path("data"), "f" * 64, 64, 0, "cpu", {})


class Two(Ranks):
    """Two ranks; the second one was started with other settings."""

    second: Any

    def collect(self, value: Any) -> list[Any]:
        return [value, self.second]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("log_every=7", "log_every: 10 there, 7 here"),
        ("checkpoint_every=7", "checkpoint_every: 100 there, 7 here"),
        ("steps=7", "steps: 330 there, 7 here"),
        ("keep_every=7", "keep_every: None there, 7 here"),
        ("batch=64", "batch: 128 there, 64 here"),
    ],
)
def test_ranks_agree_on_all_that_decides_when_they_meet(change: str, words: str) -> None:
    ranks = Two(0, 2)
    object.__setattr__(ranks, "second", (config(change), False))
    with pytest.raises(RunError, match=rf"rank 1 was started with other settings than rank 0 \({words}\)"):
        check_ranks(config(), False, ranks)
    object.__setattr__(ranks, "second", (config(), False))
    check_ranks(config(), False, ranks)


def test_a_folder_where_nothing_was_kept_is_free_for_other_settings(tmp_path: Path) -> None:
    """After a first attempt was refused or diverged, its folder can be used with the changed settings."""
    run, other = tmp_path / "run", config("learning_rate=1e-4")
    config().save(run)
    claim(run, other, resume=False)
    claim(run, other, resume=True)
    (run / KEPT).mkdir()
    with pytest.raises(RunExists, match="other settings"):
        claim(run, other, resume=True)
    (run / KEPT).rmdir()
    (run / CHECKPOINT).touch()
    with pytest.raises(RunExists, match=r"other settings \(learning_rate: 0\.003 there, 0\.0001 here\)"):
        claim(run, other, resume=True)
    with pytest.raises(RunExists, match="holds a run that is not finished: add --resume"):
        claim(run, config(), resume=False)


def test_finished_weights_are_not_trained_away_where_their_checkpoint_is_gone(tmp_path: Path) -> None:
    for method in ("sie", "random"):
        config(method=method).save(tmp_path / method)
        (tmp_path / method / WEIGHTS).touch()
    (tmp_path / "sie" / CHECKPOINT).mkdir()  # not a file, so no checkpoint either
    with pytest.raises(RunExists, match=r"finished weights and no checkpoint\.pt to continue from: score them, or"):
        claim(tmp_path / "sie", config(), resume=True)
    claim(tmp_path / "random", config(method="random"), resume=True)  # which never has a checkpoint


ONE = torch.ones((), requires_grad=True)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (None, "returned NoneType"),
        (ONE, "returned Tensor"),
        ({}, "returned only an empty dict"),
        ({"contrast": ONE}, "returned only contrast"),
        ({"loss": ONE, "contrast": 3.0}, "returned a contrast that is not a scalar tensor"),
        ({"loss": ONE.expand(2)}, "returned a loss that is not a scalar tensor"),
        ({"loss": ONE.view(1)}, "returned a loss that is not a scalar tensor"),
        ({"loss": ONE.detach()}, "depends on no weight"),
    ],
)
@pytest.mark.slow
def test_what_a_loss_must_not_return(terms: Any, words: str) -> None:
    method = Random(Encoder(EncoderSettings(0.125)), RandomSettings())
    with pytest.raises(MethodBroken, match=rf"^Random\.loss {words}, and is to return a dict of scalars"):
        checked(terms, method)
    good = {"loss": ONE, "term": ONE.detach()}
    assert checked(good, method) is good


def test_what_differs_and_may_when_a_run_goes_on_is_named_only_on_request() -> None:
    first, second = config(), replace(config("log_every=3"), seed=1)
    assert first.differences(second) == ["seed: 0 there, 1 here"]
    assert first.differences(second, free=True) == ["log_every: 10 there, 3 here", "seed: 0 there, 1 here"]


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        (lambda images: images.mean((2, 3)), r"maps images \(2, 3, 16, 16\) to torch.float32 \(2, 3\) and its dim"),
        (lambda images: images[:1, 0, 0, :5], r"to torch.float32 \(1, 5\)"),
        (lambda images: torch.zeros(2, 5, dtype=torch.int64), r"to torch.int64 \(2, 5\)"),
        (lambda images: (images, images), "to tuple and its dim is 5"),
        (lambda images: images @ torch.zeros(3, 3), r"failed on images \(2, 3, 16, 16\) \(RuntimeError: .*\): mend it"),
    ],
)
def test_a_backbone_of_another_shape_is_named_before_data_is_read(
    forward: Callable[[Tensor], object], words: str, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(backbones.Backbone):
        dim = 5

        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, images: Tensor) -> Tensor:
            return forward(images)  # type: ignore[return-value]

    monkeypatch.setitem(backbones.BACKBONES._entries, "odd", lambda width, stem: Odd())
    monkeypatch.setattr(Images, "open", lambda *values, **named: pytest.fail("data were read"))
    settings, own = resolve("simclr", "quick", ["encoder.backbone=odd", "resolution=16"])
    config = RunConfig("simclr", asdict(own), settings, tiny_dataset, "0" * 64, 16, 0, "cpu", {})
    with pytest.raises(MethodBroken, match=f"backbone odd .*{words}"):
        train(tmp_path / "run", config)


def test_a_backbone_is_looked_at_without_a_trace() -> None:
    torch.manual_seed(0)
    method = build("simclr", find("simclr").defaults(), EncoderSettings(0.125)).train()
    before, state = copy.deepcopy(method.state_dict()), torch.get_rng_state()
    check_backbone(method, "resnet18", 32, torch.device("cpu"))
    assert method.training and torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(method.state_dict(), before, rtol=0, atol=0)


def test_a_label_beyond_the_classes_is_named_before_a_step(tiny_dataset: Path) -> None:
    images = Images.open(tiny_dataset, "train")
    about = config("batch=2", method="supervised")
    classes = int(images.labels.max())
    method = build("supervised", find("supervised").settings(classes=classes), EncoderSettings(0.125))
    words = rf"label {classes} and .* classes={classes}: .* method.classes={classes + 1} "
    with pytest.raises(LabelOutOfRange, match=words):
        check_fit(images, method, about)
    untold = find("supervised").settings(target="action", classes=2)
    check_fit(images, build("supervised", untold, EncoderSettings(0.125)), about)


@pytest.mark.parametrize(("batch", "ranks", "near"), [(7, 1, 6), (6, 2, 4), (2, 4, 8)])
def test_a_batch_that_splits_partners_is_refused(batch: int, ranks: int, near: int) -> None:
    words = rf"stl takes objects in groups of 2 .* batch={batch} over {ranks} ranks? .* --set batch={near}$"
    with pytest.raises(SettingError, match=words):
        check_groups(config(f"batch={batch}", method="stl"), Ranks(0, ranks))
    check_groups(config(f"batch={near}", method="stl"), Ranks(0, ranks))
    check_groups(config(f"batch={batch}"), Ranks(0, ranks))


@pytest.mark.parametrize(
    ("stem", "backbone", "side", "remedy"),
    [
        ("imagenet", "resnet18", 32, "images of 64 pixels"),
        ("imagenet", "resnet18", 16, "images of 64 pixels"),
        ("small", "resnet18", 16, "images of 32 pixels"),
        ("imagenet", "vit-small", 16, "images of 32 pixels"),
    ],
)
@pytest.mark.parametrize("method", ["equicaps", "capsie-like"])
def test_capsules_without_a_map_name_a_resolution_that_has_one(
    method: str, stem: str, backbone: str, side: int, remedy: str
) -> None:
    about = replace(
        config(f"encoder.stem={stem}", f"encoder.backbone={backbone}", "encoder.width=0.5", method=method),
        resolution=side,
    )
    built = build(method, find(method).settings(**about.method_settings), about.settings.encoder).train()
    chosen = replace(about, settings=replace(about.settings, resolution=side))
    for run, way in ((about, "render the dataset with --resolution"), (chosen, "--set resolution=")):
        words = rf"^{method} reads .* of {side} pixels leave 1 x 1 .*: train on {remedy} \({way}"
        with pytest.raises(SettingError, match=words):
            check_map(built, run, torch.device("cpu"))
    assert built.training
    check_map(built, replace(about, resolution=int(remedy.split()[2])), torch.device("cpu"))
    single = {**about.method_settings, "side": 1}
    check_map(built, replace(about, method_settings=single), torch.device("cpu"))  # a head that reads one position
