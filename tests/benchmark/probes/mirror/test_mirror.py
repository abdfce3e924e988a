"""Encoders whose errors are known: one that sees the handedness, one that cannot, and one that sees the light alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scoring import context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.features.cache import to_float
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.probes.mirror.mirror import best_threshold, mirror, per_owner
from iebench.benchmark.protocol import load as protocol
from iebench.manifests.recipe import load

SIDE = 8


class Sides(nn.Module):
    """Features of the halves of a picture: their difference, their sum, or both."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, images: Tensor) -> Tensor:
        left, right = images[..., : SIDE // 2].mean((1, 2, 3)), images[..., SIDE // 2 :].mean((1, 2, 3))
        return torch.stack(
            {"both": [left - right, left + right], "sum": [left + right, images.amax((1, 2, 3))]}[self.kind], 1
        )


def split_of(seed: int, objects: int, lit: bool, kind: str) -> Split:
    """Objects with a bright half, whose side is that of the object, or the left one for all, as by a lamp there."""
    generator, views = np.random.default_rng(seed), 8
    split = random_split(objects, views, seed=seed)
    pictures = generator.integers(40, 60, (objects * views, SIDE, SIDE, 3), np.uint8)
    for row, picture in enumerate(pictures):
        left = lit or (row // views) % 2 == seed % 2
        picture[:, : SIDE // 2] += np.uint8(150 if left else 0)
        picture[:, SIDE // 2 :] += np.uint8(0 if left else 150)
    features = Sides(kind)(to_float(pictures, torch.device("cpu"))).numpy()
    return replace(split, features=features, pixels=lambda rows: pictures[rows], camera=load().scene.camera)


def context(kind: str, lit: bool = False) -> Context:
    brief = replace(protocol(), draws=50, heads={}, val_pairs=4)
    own = context_of(split_of(0, 24, lit, kind), split_of(1, 9, lit, kind), brief)
    return replace(own, encoder=prepare(LoadedEncoder(kind, Sides(kind)), SIDE, torch.device("cpu")))


def test_an_encoder_that_sees_the_handedness_makes_no_error() -> None:
    own = context("both")
    values = mirror(own)["whole"]
    assert values["mirror_head"].value == 0 and values["mirror_cosine"].value < 0.3
    assert all(entry.value == 0 for name, entry in values.items() if name.endswith("_head") and name != "mirror_head")
    assert values["mirror_control"].value == pytest.approx(0.5, abs=0.2) and own.notes == []
    assert values["mirror_head"].floor == 0.5 and values["mirror_head"].objects == 9


def test_one_that_cannot_see_it_guesses() -> None:
    values = mirror(context("sum"))["whole"]
    for name in ("mirror_head", "mirror_cosine", "mirror_control"):
        assert values[name].value == pytest.approx(0.5, abs=0.1)


def test_one_that_sees_the_light_alone_is_found_out() -> None:
    own = context("both", lit=True)
    values = mirror(own)["whole"]
    assert values["mirror_head"].value == 0 and values["mirror_control"].value == 0
    assert len(own.notes) == 1 and "flipped pictures of different objects" in own.notes[0]


@pytest.mark.parametrize(("change", "words"), [
    (lambda own: replace(own, encoder=None), "no pictures to flip"),
    (lambda own: replace(own, val=replace(own.val, camera=None)), "the camera moves"),
    (lambda own: replace(own, protocol=replace(own.protocol, linear=None)), "has no linear probe"),
])  # fmt: skip
def test_a_probe_that_cannot_be_measured_says_why(change, words) -> None:  # type: ignore[no-untyped-def]
    own = change(context("sum"))
    assert mirror(own) == {} and words in own.notes[0]


def test_the_order_of_pairs_is_one_less_the_area_under_the_curve() -> None:
    generator = np.random.default_rng(0)
    scores, mirrored, owners = generator.integers(0, 9, 60) / 3, generator.random(60) > 0.4, np.repeat([0, 2, 5], 20)
    shares, present = per_owner(scores, mirrored, owners)
    assert present.tolist() == [0, 2, 5]
    for share, owner in zip(shares, present, strict=True):
        own = owners == owner
        slow = [
            1.0 if a < b else 0.5 if a == b else 0.0 for a in scores[own & mirrored] for b in scores[own & ~mirrored]
        ]
        assert share == pytest.approx(np.mean(slow))


def test_the_threshold_has_the_fewest_errors() -> None:
    distances = np.concatenate([np.linspace(0, 1, 50), np.linspace(0.8, 2, 50)])
    mirrored = np.arange(100) >= 50
    threshold = best_threshold(distances, mirrored)
    assert ((distances > threshold) != mirrored).sum() <= 9 and 0.75 < threshold < 1.05
