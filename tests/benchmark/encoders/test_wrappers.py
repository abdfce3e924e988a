"""Wrappers keep their promise under turns of a picture, exactly for quarters; the score says what they change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scoring import untrained_run
from sharing import BRIEF
from torch import Tensor, nn

from iebench.benchmark.commands.score import score
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.encoders.wrappers import canonical, ensembles
from iebench.benchmark.encoders.wrappers.averages import principal_angles
from iebench.benchmark.encoders.wrappers.canonical import Canonicaliser
from iebench.benchmark.encoders.wrappers.turns import QUARTER, orbit, quarters, turned
from iebench.benchmark.encoders.wrappers.wrap import WRAPPERS, wrap
from iebench.benchmark.errors import EncoderError, UnknownName
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.results.score import Cost
from iebench.benchmark.scoring.wrapping import changes

SIDE = 16
CPU = torch.device("cpu")


class Uneven(nn.Module):
    """An encoder whose representation depends on where things are; its parts are its halves."""

    parts = {"first": slice(0, 4), "second": slice(4, 8)}  # noqa: RUF012

    def __init__(self, seed: int = 0, width: int = 8) -> None:
        super().__init__()
        weight = torch.randn(3 * SIDE**2, width, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("weight", weight / 2)

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1) @ self.weight.to(images.dtype)).tanh()


def blobs(count: int = 6, seed: int = 1) -> Tensor:
    """Pictures of a long bright blob, off the centre, on a dark ground: (count, 3, SIDE, SIDE) float64."""
    generator = np.random.default_rng(seed)
    line = torch.linspace(-1, 1, SIDE, dtype=torch.float64)
    x, y = line.expand(SIDE, SIDE), -line[:, None].expand(SIDE, SIDE)
    pictures = []
    for angle, color in zip(generator.uniform(-1.2, 1.2, count), generator.uniform(0.3, 1, (count, 3)), strict=True):
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        mass = torch.exp(-((along / 0.45) ** 2) - (across / 0.2) ** 2) * (1 + 0.5 * along)
        pictures.append(torch.from_numpy(color)[:, None, None] * mass)
    return torch.stack(pictures) / 2


def upright(count: int) -> Tensor:
    """Pictures that are bright above and dark below, with noise."""
    noise = torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(count))
    return (noise + 3 * torch.linspace(1, 0, SIDE)[:, None]) / 4


def loaded(module: nn.Module | None = None) -> LoadedEncoder:
    return LoadedEncoder("mine", module or Uneven(), resolution=SIDE)


def wrapped(spec: str, pictures: Callable[[int], Tensor] = upright) -> LoadedEncoder:
    return wrap(loaded(), spec, pictures)


@pytest.mark.parametrize("name", ["c4", "c8", "frames", "canonical-c4", "canonical-c8"])
def test_a_quarter_turn_of_the_picture_changes_nothing_behind_a_wrapper(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canonical, "STEPS", 3)  # whatever it has learnt
    encoder = wrapped(name)
    module, images = encoder.module.double(), blobs()
    plain = loaded().module
    for count in (1, 2, 3):
        turn = quarters(images, count)
        torch.testing.assert_close(module(turn), module(images), rtol=1e-9, atol=1e-9)
        assert (plain(turn) - plain(images)).abs().max() > 0.1
    assert encoder.name == f"mine+{name}" and encoder.parts == Uneven.parts and encoder.predictor is None
    module.float()
    prepared = prepare(encoder, SIDE, CPU)
    assert prepared.dim == 8 and prepared.preprocessing


def test_turns_are_counterclockwise_exact_by_quarters_and_smooth_between() -> None:
    images = blobs()
    for count in range(4):
        assert torch.equal(quarters(images, count), torch.from_numpy(np.rot90(images.numpy(), count, (2, 3)).copy()))
        angles = torch.full((len(images),), count * QUARTER, dtype=torch.float64)
        torch.testing.assert_close(turned(images, angles), quarters(images, count), rtol=0, atol=1e-9)
    angles = torch.linspace(-1, 1, len(images), dtype=torch.float64)
    moved = turned(images, angles)
    assert (turned(moved, -angles) - images).abs().mean() < 0.02 < (moved - images)[0].abs().max()
    assert len(orbit(images, 8)) == 8 and torch.equal(orbit(images, 8)[2], quarters(images, 1))


def test_frames_follow_any_turn_of_the_picture() -> None:
    images, angle = blobs(), 0.4
    moved = principal_angles(turned(images, torch.full((6,), angle, dtype=torch.float64))) - principal_angles(images)
    off = (moved - angle + torch.pi / 2) % torch.pi - torch.pi / 2  # an axis has two directions
    assert off.abs().max() < 0.06
    model, plain = wrapped("frames").module.double(), loaded().module
    turn = turned(images, torch.full((6,), angle, dtype=torch.float64))
    assert (model(turn) - model(images)).abs().mean() < 0.2 * (plain(turn) - plain(images)).abs().mean()


def test_the_average_equals_a_loop_over_the_turns() -> None:
    images = blobs()
    expected = sum(Uneven()(torch.rot90(images, count, (2, 3))) for count in range(4)) / 4
    torch.testing.assert_close(wrapped("c4").module.double()(images), expected)


@pytest.mark.slow
def test_a_learned_canonicaliser_turns_pictures_upright_again() -> None:
    encoder, images = wrapped("canonical-c4"), upright(50)
    plain = loaded().module(images)
    for count in (0, 1, 2, 3):
        right = (encoder.module(quarters(images, count)) - plain).abs().amax(1) < 1e-6
        assert right.float().mean() > 0.9
    assert "leaves 100 % of the pictures as they are" in encoder.preprocessing
    scores, turn = Canonicaliser(4).double()(blobs()), Canonicaliser(4)
    assert scores.shape == (6, 4) and turn.order == 4
    again = wrapped("canonical-c4").module(images)
    assert torch.equal(again, encoder.module(images))  # learnt from the same pictures, it is the same


def test_a_canonicaliser_learns_on_one_thread_whatever_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights of one machine, and of one process among several, are those of another."""
    seen, before = [], torch.get_num_threads()
    monkeypatch.setattr(Canonicaliser, "fit", lambda *_: seen.append(torch.get_num_threads()))
    torch.set_num_threads(before + 1)
    try:
        wrapped("canonical-c4")
        assert seen == [1] and torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_ensembles_join_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncoderError, match="--wrap mean: --encoder 'runs/none' names no such file"):
        wrapped("mean:runs/none")
    others = {"b": Uneven(1), "c": Uneven(2), "narrow": Uneven(3, width=5)}
    monkeypatch.setattr(ensembles, "load", lambda spec, *_: LoadedEncoder(spec, others[spec], resolution=SIDE))
    images = blobs().float()
    each = [nn.functional.normalize(m(images)) for m in (Uneven(), others["b"], others["c"])]
    torch.testing.assert_close(wrapped("mean:b,c").module(images), torch.stack(each).mean(0))
    concat = wrapped("concat:b,c")
    torch.testing.assert_close(concat.module(images), torch.cat(each, 1))
    assert [concat.module(images)[:, member].shape[1] for member in concat.module.members] == [8, 8, 8]  # type: ignore[union-attr]
    assert concat.parts == {} and concat.cost == Cost() and "of mine, b, c" in concat.preprocessing
    with pytest.raises(EncoderError, match=r"representations of \[8, 5\] columns have no mean: use --wrap concat"):
        prepare(wrapped("mean:narrow"), SIDE, CPU)
    assert prepare(wrapped("concat:narrow"), SIDE, CPU).dim == 13
    with pytest.raises(EncoderError, match="--wrap mean joins several encoders: name the others"):
        wrapped("mean")
    monkeypatch.setattr(ensembles, "load", lambda spec, *_: LoadedEncoder(spec, others["b"], resolution=8))
    with pytest.raises(EncoderError, match="mine takes images of 16 pixels and b of 8: join encoders of one size"):
        wrapped("mean:b")


def test_unknown_wrappers_and_arguments_are_one_sentence() -> None:
    with pytest.raises(UnknownName, match="did you mean c4"):
        wrapped("c44")
    with pytest.raises(EncoderError, match="--wrap c4 takes nothing after its name: leave out :8"):
        wrapped("c4:8")
    assert set(WRAPPERS) == {"c4", "c8", "frames", "canonical-c4", "canonical-c8", "mean", "concat"}


@pytest.mark.slow
def test_the_score_says_what_the_wrapper_changes(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrained_run(tmp_path / "runs/sie-tiny-s0", tiny_dataset)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("iebench.benchmark.protocol.load", lambda name="": BRIEF)
    arguments = ["--run", "runs/sie-tiny-s0", "--wrap", "c4", "--device", "cpu", "--limit", "3"]
    result: Any = CliRunner().invoke(score, arguments, catch_exceptions=False)
    assert "what the wrapper changes" in result.output and "wrapped" in result.output
    wrapped_score = load_score(Path("runs/sie-tiny-s0+c4/score.json"))
    assert wrapped_score.name == "sie-tiny-s0+c4" and wrapped_score.run == {}
    assert wrapped_score.encoder.preprocessing.startswith("mean over the picture's four quarter turns")
    assert wrapped_score.notes[-1].startswith("against sie-tiny-s0 alone: ")
    alone = load_score(Path("runs/sie-tiny-s0/score.json"))
    compared = {change.metric: change for change in changes(alone, wrapped_score)}
    top1 = compared["top1"]
    assert (top1.alone, top1.wrapped) == tuple(s.values["whole"]["top1"].value for s in (alone, wrapped_score))
    assert len(compared) > 1 and all(change.low <= change.high for change in compared.values())
