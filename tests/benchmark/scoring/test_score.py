"""Scoring from end to end, on a real dataset folder with an untrained run."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scoring import SMALL, from_run, untrained_run
from torch import nn

from iebench.baselines.action import Latents
from iebench.benchmark import protocol as protocols
from iebench.benchmark.data.images import Images
from iebench.benchmark.data.rows import spread
from iebench.benchmark.encoders.predictor import Guest, Transform
from iebench.benchmark.errors import DatasetError, ScoringError
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.results.faults import faults_of
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.results.score import Score
from iebench.benchmark.scoring.score import score
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.recipe import load
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


class Lost(Guest):
    """Encoder whose predictor needs a latent that no dataset has."""

    def __init__(self, name: str, module: nn.Module) -> None:
        super().__init__(name, module)
        self.latents = ("rot_x", "altitude")


@pytest.fixture(scope="module")
def run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained_run(tmp_path_factory.mktemp("runs") / "sie", tiny_dataset)


@pytest.fixture(scope="module")
def result(run: Path, tiny_dataset: Path) -> Score:
    return score(from_run(run, None, CPU), tiny_dataset, run / "features", CPU, SMALL)


@pytest.mark.parametrize(
    ("method", "parts"),
    [
        ("sie-layer3", {"equivariant": (64, 96)}),
        ("equicaps", {"activations": (64, 68), "poses": (68, 104)}),
    ],
)
def test_parts_beside_the_representation_are_scored_and_the_whole_is_the_encoders(
    method: str, parts: dict[str, tuple[int, int]], tiny_dataset: Path, tmp_path: Path
) -> None:
    encoder = from_run(untrained_run(tmp_path / "run", tiny_dataset, method), None, CPU)
    brief = replace(SMALL, few_shot=None, kernel=None, linear=None, val_pairs=1, draws=10)
    outcome = score(encoder, tiny_dataset, tmp_path / "features", CPU, brief, limit=8)
    assert (outcome.encoder.dim, outcome.encoder.parts) == (64, parts)
    assert list(outcome.values) == ["whole", *parts] and list(faults_of(outcome)) == []
    assert encoder.method is not None
    assert outcome.cost.parameters == sum(p.numel() for p in encoder.method.encoder.parameters())
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(encoder.module(images)[:, :64], encoder.method.encoder(images))
    if "activations" in parts:
        torch.testing.assert_close(encoder.module(images)[:, slice(*parts["activations"])].sum(1), torch.ones(2))
    else:
        assert "mrr" in outcome.values["whole"]


def test_every_part_and_metric_is_there(result: Score) -> None:
    assert list(result.values) == ["whole", "invariant", "equivariant"]
    predicted = {"mrr", "h1", "h5", "h10", "pre"}
    names = {"top1", "knn_top1", "shot5_top1", "rotation_degrees_mean", "light_position_r2", "share_class"} | predicted
    assert names <= result.values["whole"].keys() <= METRICS.keys()
    assert names - predicted <= result.values["invariant"].keys() and not predicted & result.values["invariant"].keys()
    for part in result.values.values():
        for entry in part.values():
            assert entry.low <= entry.high and all(map(math.isfinite, (entry.value, entry.low, entry.high)))
            assert entry.objects == 6


def test_samples_are_counted(result: Score) -> None:
    estimates = result.values["whole"]
    assert estimates["top1"].n == 6 * 6 and estimates["mrr"].n == 30 and estimates["pre"].n == 30
    assert estimates["rotation_r2_mean"].n == 6 * SMALL.val_pairs


def test_the_same_again_gives_the_same_values(result: Score, run: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    again = score(from_run(run, None, CPU), tiny_dataset, tmp_path / "another-cache", CPU, SMALL)
    assert again.values == result.values and again.pairs == result.pairs
    assert replace(again, seconds=result.seconds, cost=result.cost) == result


def test_another_seed_keeps_the_pairs_and_changes_the_heads(result: Score, run: Path, tiny_dataset: Path) -> None:
    other = score(from_run(run, None, CPU), tiny_dataset, run / "features", CPU, SMALL, seed=1)
    assert other.pairs == result.pairs and other.seed == 1
    assert other.values["whole"]["rotation_r2_mean"] != result.values["whole"]["rotation_r2_mean"]
    assert other.values["whole"]["mrr"] == result.values["whole"]["mrr"]


def test_the_circumstances_are_told(result: Score, run: Path, tiny_dataset: Path) -> None:
    info = DatasetInfo.load(tiny_dataset)
    assert result.dataset.fingerprint == info.fingerprint and result.dataset.name == tiny_dataset.name
    assert (result.dataset.train_objects, result.dataset.val_objects, result.dataset.views) == (24, 6, 6)
    assert result.protocol_id == SMALL.id and result.limit is None and result.device.startswith("cpu")
    assert result.encoder.parts == {"invariant": (0, 32), "equivariant": (32, 64)} and result.encoder.has_predictor
    assert result.run["method"] == "sie" and result.run["data"] == tiny_dataset.name
    assert {"iebench", "torch", "numpy", "scipy", "python"} <= result.versions.keys()


def test_it_survives_the_disk(result: Score, tmp_path: Path) -> None:
    result.save(tmp_path / "score.json")
    loaded = load_score(tmp_path / "score.json")
    assert replace(loaded, run={}) == replace(result, run={})
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "score.json").read_bytes()


def test_a_predictor_that_lacks_its_latents_is_left_out_and_said_so(run: Path, tiny_dataset: Path) -> None:
    encoder = from_run(run, None, CPU)
    lost = replace(encoder, predictor=Lost("lost", encoder.module))
    result = score(lost, tiny_dataset, run / "features", CPU, SMALL, limit=4)
    assert "mrr" not in result.values["whole"] and "top1" in result.values["whole"]
    assert any("it needs altitude, which the dataset does not have" in note for note in result.notes)


FEW = replace(SMALL, heads={}, maps=None, axes=False, shares=False, neighbours=None, few_shot=None)


class Listening(Guest):
    """Predictor that returns its input and records the quaternions that it receives."""

    def predict(self, embedding: torch.Tensor, source: Latents, target: Latents) -> torch.Tensor:
        self.heard = [*getattr(self, "heard", []), Transform(source, target, self.as_released).rotation]
        return embedding.repeat_interleave(len(target["rot_x"]) // len(embedding), dim=0)


def test_predictors_are_given_the_sign_that_the_protocol_or_their_training_has(run: Path, tiny_dataset: Path) -> None:
    encoder = from_run(run, None, CPU)
    for protocol_has, trained_so, expected in ((False, False, 0), (True, False, 1), (False, True, 1), (True, True, 0)):
        listening = Listening("listening", encoder.module)
        listening.as_released = trained_so
        protocol = replace(FEW, quaternions="as released" if protocol_has else "canonical")
        result = score(replace(encoder, predictor=listening), tiny_dataset, run / "features", CPU, protocol)
        heard = torch.cat(listening.heard)
        assert bool((heard[:, 3] < 0).any()) == (protocol_has or trained_so)
        assert sum("quaternions with" in note for note in result.notes) == expected
        assert listening.as_released == trained_so


def test_a_smoke_run_takes_few_objects_and_says_so(run: Path, tiny_dataset: Path) -> None:
    result = score(from_run(run, None, CPU), tiny_dataset, run / "features", CPU, SMALL, limit=4)
    assert result.limit == 4 and (result.dataset.train_objects, result.dataset.val_objects) == (4, 4)
    assert result.values["whole"]["top1"].n == 24


def test_objects_of_a_smoke_run_are_spread(tiny_dataset: Path) -> None:
    assert spread(10, None).tolist() == spread(10, 50).tolist() == list(range(10))
    objects = spread(24, 6)
    labels = Images.open(tiny_dataset, "train").labels.reshape(24, 6)[:, 0]
    assert len(np.unique(labels[objects])) == 6  # all classes, not the first ones


def test_one_view_of_each_object_is_not_enough(run: Path, tmp_path: Path, tiny_plan: Callable[..., Plan]) -> None:
    folder = tmp_path / "single"
    render_dataset(tiny_plan(classes="2", per_class=2, views=1), folder, workers=1, backend=FAKE)
    with pytest.raises(DatasetError, match="has one view of each object and scoring compares two"):
        score(from_run(run, None, CPU), folder, tmp_path, CPU, SMALL)


def test_what_never_varies_has_no_row_and_a_note(run: Path, tmp_path: Path, tiny_plan: Callable[..., Plan]) -> None:
    plan = tiny_plan(classes="2", per_class=8, views=2)
    recipe = replace(load("orbit"), views=2, resolution=32)
    render_dataset(replace(plan, recipe=recipe), tmp_path / "d", workers=1, backend=FAKE)
    result = score(from_run(run, None, CPU), tmp_path / "d", tmp_path / "features", CPU, SMALL)
    metrics = result.values["whole"].keys()
    assert {"top1", "rotation_r2_mean", "share_rotation"} <= metrics
    assert not [metric for metric in metrics if "hue" in metric or "colour" in metric or "light" in metric]
    assert not {"mrr", "pre", "rotation_map_mrr"} & metrics
    still = next(note for note in result.notes if "not vary" in note)
    few = result.notes[result.notes.index(still) + 1]
    assert still == "rot_x, rot_y, floor_hue, light_theta, light_phi, light_hue do not vary and are not measured alone"
    assert few.startswith("objects have 2 views and retrieval needs 3")


def test_features_of_any_size_are_scored_or_refused(run: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    class Scaled(nn.Module):
        def __init__(self, module: nn.Module, scale: float) -> None:
            super().__init__()
            self.module, self.scale = module, scale

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            estimatesres: torch.Tensor = self.module(images) * self.scale
            return estimatesres

    plain = replace(from_run(run, None, CPU), predictor=None)
    large = replace(plain, module=Scaled(plain.module, 1e25), identity="large")
    estimates = [score(encoder, tiny_dataset, tmp_path / "f", CPU, SMALL).values["whole"] for encoder in (plain, large)]
    assert estimates[1]["top1"].value == pytest.approx(estimates[0]["top1"].value, abs=0.1)
    assert estimates[1]["rotation_map_mrr"].value == pytest.approx(estimates[0]["rotation_map_mrr"].value, abs=0.05)
    with pytest.raises(ScoringError, match=r"features are too large for this protocol's .* that standardises"):
        score(large, tiny_dataset, tmp_path / "f", CPU, replace(SMALL, features="as they are"))


def test_probes_of_the_default_protocol_say_what_was_chosen_for_them(
    run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    """The whole path of `converged`: probes of single views, composed pairs and pairs; saved, read and validated."""
    brief = replace(protocols.load(), name="brief", draws=50, val_pairs=4, few_shot=None, maps=None)
    result = score(from_run(run, None, CPU), tiny_dataset, run / "features", CPU, brief)
    result.save(tmp_path / "score.json")
    again = load_score(tmp_path / "score.json")
    assert again.values == result.values and not faults_of(again) and not again.chosen
    for part, values in again.values.items():
        assert {"pose_linear_r2_mean", "rotation_composed_degrees_mean", "colour_composed_r2_mean"} <= values.keys()
        assert {"top1", "kernel_top1", "pose_r2_mean", "rotation_degrees_mean", "colour_r2_mean"} <= values.keys()
        chosen = again.regularisation[part]
        assert {
            "classification",
            "kernel",
            "pose_linear",
            "rotation",
            "light_hue",
            "light_hue_composed",
        } <= chosen.keys()
    assert {"rotation_composed_r2_mean", "colour_composed_r2_mean"} <= set(
        Board.of({tmp_path / "score.json": again}, parts=False).columns
    )


def test_the_full_suite_adds_descriptions_and_changes_nothing_else(
    run: Path, tiny_dataset: Path, result: Score
) -> None:
    full = score(from_run(run, None, CPU), tiny_dataset, run / "features", CPU, SMALL, suite="full")
    assert faults_of(full) == [] and full.protocol_id == result.protocol_id
    for part, measured in result.values.items():
        assert {metric: full.values[part][metric] for metric in measured} == measured
        added = full.values[part].keys() - measured.keys()
        assert "effective_rank" in added and not any(METRICS[metric].ranked for metric in added)
    assert set(full.notes) >= set(result.notes)
    assert any("3diebench-one-factor" in note for note in full.notes) and full.metrics == result.metrics
    assert any("gives one position or two" in note for note in full.notes)
    assert any("the dataset has no pass nocs" in note for note in full.notes)
