"""Notes say what is dead, and nothing of what is alive."""

from dataclasses import replace

import numpy as np
import pytest
from scoring import random_split

from iebench.benchmark.notes import about, dead_columns, scarce, unsettled
from iebench.benchmark.probes import standardise
from iebench.benchmark.regularisation import Regularisation

PARTS = {"first": slice(0, 2), "rest": slice(2, 6)}


def features(dead: tuple[int, ...]) -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    values[:, list(dead)] = np.float32(1e5) * (1 + 1e-7 * np.random.default_rng(1).normal(size=(40, len(dead))))
    return values


def test_dead_columns_are_found_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardise, "BLOCK", 7)
    assert dead_columns(features((1, 4))).tolist() == [False, True, False, False, True, False]
    late = np.zeros((40, 2), np.float32)
    late[39, 0] = 1e-3
    assert dead_columns(late).tolist() == [False, True]


def test_they_are_counted() -> None:
    assert about(features(()), PARTS, (), {}) == ()
    assert about(features((0, 3)), PARTS, (), {}) == ("2 of 6 columns of the features are constant and carry nothing",)
    assert about(features((0, 1, 3)), PARTS, (), {})[1:] == ("all columns of the part first are constant",)
    (collapsed,) = about(features((0, 1, 2, 3, 4, 5)), PARTS, (), {})
    assert collapsed == "all 6 columns of the features are constant: the encoder maps every image to one point"


def test_a_predictor_that_cannot_be_asked() -> None:
    (note,) = about(features(()), {}, ("rot_x", "floor_hue"), {"rot_x": 0})
    assert note == "the predictor was not scored: it needs floor_hue, which the dataset does not have"


def test_what_data_are_too_few_or_too_even_to_say() -> None:
    train, val = random_split(8, 4), random_split(4, 4, seed=1)
    assert scarce(train, val, 3) == ()
    assert scarce(train, val, 5) == (
        "objects have 4 views, and to find one among others takes 5: MRR, H@k, PRE and what fitted maps find are left "
        "out",
    )
    still = replace(train, latents={**train.latents, "rot_x": np.full(32, 0.3)})
    assert scarce(still, val, 0) == ("rot_x does not vary, so that nothing is asked about it alone",)
    (one,) = scarce(train, replace(val, labels=np.zeros(16, np.int64)), 0)
    assert one == "val has objects of one class, which a constant answer names"
    alone = random_split(1, 4)
    assert len(scarce(train, alone, 0)) == 2 and "val has one object" in scarce(train, alone, 0)[0]


def test_probes_that_may_not_be_at_their_best_are_named() -> None:
    fine = Regularisation.of([0.0, 1.0], 0.0, steps=9)
    assert unsettled({"whole": {"rotation": fine}}) == ()
    cut = Regularisation.of([0.1, 1.0], 1.0, steps=400, converged=False)
    weak = Regularisation.of([1e-7, 1.0], 1e-7)
    one, two = unsettled({"whole": {"rotation": cut, "pose_linear": weak}, "invariant": {"pose_linear": weak}})
    assert "not converged" in one and "rotation (whole)" in one and "pose_linear" not in one
    assert "weakest" in two and "pose_linear (whole), pose_linear (invariant)" in two
