"""What is looked at before a run starts and at each step: what is let pass, and what is said of the rest."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from iebench.baselines.encoder import Encoder, EncoderSettings
from iebench.baselines.errors import MethodBroken
from iebench.baselines.random import Random, RandomSettings
from iebench.benchmark.checkpoint import CHECKPOINT, KEPT
from iebench.benchmark.checks import check_ranks, checked, claim
from iebench.benchmark.config import RunConfig, resolve
from iebench.benchmark.distributed import Ranks
from iebench.benchmark.errors import RunError, RunExists
from iebench.benchmark.runs import WEIGHTS


def config(*assignments: str, method: str = "sie") -> RunConfig:
    settings, own = resolve(method, "quick", assignments)
    return RunConfig(method, asdict(own), settings, Path("data"), "f" * 64, 64, 0, "cpu", {})


class Two(Ranks):
    """Two ranks, the second of which was started in its own way."""

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
    """As when a first attempt was refused or diverged, and its advice is followed."""
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
    (tmp_path / "sie" / CHECKPOINT).mkdir()  # no file, so nothing to go on from either
    with pytest.raises(RunExists, match=r"finished weights and no checkpoint\.pt to go on from: score them, or"):
        claim(tmp_path / "sie", config(), resume=True)
    claim(tmp_path / "random", config(method="random"), resume=True)  # which never has one


ONE = torch.ones((), requires_grad=True)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (None, "returned NoneType"),
        (ONE, "returned Tensor"),
        ({}, "returned only an empty dict"),
        ({"contrast": ONE}, "returned only contrast"),
        ({"loss": ONE, "contrast": 3.0}, "returned as contrast what is no tensor without dimensions"),
        ({"loss": ONE.expand(2)}, "returned as loss what is no tensor without dimensions"),
        ({"loss": ONE.view(1)}, "returned as loss what is no tensor without dimensions"),
        ({"loss": ONE.detach()}, "depends on no weight"),
    ],
)
def test_what_a_loss_must_not_return(terms: Any, words: str) -> None:
    method = Random(Encoder(EncoderSettings(0.125)), RandomSettings())
    with pytest.raises(MethodBroken, match=rf"^Random\.loss {words}, and is to return a dict of scalars"):
        checked(terms, method)
    good = {"loss": ONE, "term": ONE.detach()}
    assert checked(good, method) is good


def test_what_differs_and_may_when_a_run_goes_on_is_named_only_on_request() -> None:
    one, other = config(), replace(config("log_every=3"), seed=1)
    assert one.differences(other) == ["seed: 0 there, 1 here"]
    assert one.differences(other, free=True) == ["log_every: 10 there, 3 here", "seed: 0 there, 1 here"]
