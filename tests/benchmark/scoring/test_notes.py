"""Notes of a score: constant or rounded columns, missing latents, too little data; none for sound data."""

from dataclasses import replace

import numpy as np
import pytest
from scoring import ANGLES, HUES, random_split

from iebench.benchmark.fitting import standardise
from iebench.benchmark.fitting.standardise import Standardiser
from iebench.benchmark.scoring.notes import about, scarce, sizes, still_columns, unsettled
from iebench.benchmark.statistics.regularisation import Regularisation

CIRCLES = dict.fromkeys((*ANGLES, *HUES), 1.0)
PARTS = {"first": slice(0, 2), "rest": slice(2, 6)}


def features(dead: tuple[int, ...], rounded: tuple[int, ...] = ()) -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    values[:, list(dead)] = 1e5
    noise = np.random.default_rng(1).normal(size=(40, len(rounded)))
    values[:, list(rounded)] = np.float32(1e5) * (1 + 1e-7 * noise)
    return values


def test_dead_columns_are_found_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardise, "ROWS_PER_BLOCK", 7)
    constant, rounded = still_columns(features((1, 4), (3,)))
    assert constant.tolist() == [False, True, False, False, True, False] and np.flatnonzero(rounded).tolist() == [3]
    late = np.zeros((40, 2), np.float32)
    late[39, 0] = 1e-40
    assert [mask.tolist() for mask in still_columns(late)] == [[False, True], [False, False]]


def test_they_are_counted() -> None:
    assert about(features(()), PARTS, (), {}) == ()
    assert about(features((0, 3)), PARTS, (), {}) == (
        "2 of 6 columns of the features are constant and carry no information",
    )
    assert about(features((0, 1, 3)), PARTS, (), {})[1:] == ("all columns of the part first are constant",)
    (collapsed,) = about(features((0, 1, 2, 3, 4, 5)), PARTS, (), {})
    assert collapsed == "all 6 columns of the features are constant: the encoder maps every image to one point"


def test_columns_that_float32_has_rounded_away_are_told_from_constant_ones() -> None:
    constant_note, rounded_note, part_note = about(features((0,), (1,)), PARTS, (), {})
    assert (
        constant_note.startswith("1 of 6 columns of the features are constant")
        and "part first are constant" in part_note
    )
    assert rounded_note.startswith("1 of 6 columns of the features vary by less than a millionth of their size")
    shifted = (features(()) + 1e7).astype(np.float32)
    (note,) = about(shifted, {}, (), {})
    assert note.startswith("6 of 6 columns") and "subtract their mean before they are rounded to float32" in note


def test_features_of_a_size_that_a_protocol_cannot_use_are_named() -> None:
    plain = features(())
    for scale, offset, standardised in ((1.0, 0.0, True), (1.0, 0.0, False), (1e-40, 0.0, True), (1e9, 0.0, True)):
        moved = (plain * scale + offset).astype(np.float32)
        assert sizes(Standardiser.of(moved), standardised, moved) == ()
    tiny = (plain * 1.2e-9).astype(np.float32)
    (note,) = sizes(Standardiser.of(tiny), False, tiny)
    assert "have a standard deviation of 1e-09; this protocol does not standardise them" in note
    (note,) = sizes(Standardiser.of(plain), True, plain * np.float32(1e20))
    assert note.startswith("features of val lie up to") and "computed in the same way" in note
    still = np.ones((9, 2), np.float32)
    assert sizes(Standardiser.of(still), False, 9 * still) == ()  # `about` already reports that they are constant


def test_a_predictor_that_cannot_be_asked() -> None:
    (note,) = about(features(()), {}, ("rot_x", "floor_hue"), {"rot_x": 0})
    assert note == "the predictor was not scored: it needs floor_hue, which the dataset does not have"


def test_what_data_are_too_few_or_too_even_to_say() -> None:
    train, val = random_split(8, 4), random_split(4, 4, seed=1)
    assert scarce(train, val, 3, CIRCLES) == ()
    assert scarce(train, val, 5, CIRCLES) == (
        "objects have 4 views and retrieval needs 5: MRR, H@k, PRE and the retrieval by fitted maps are left out",
    )
    still = replace(train, latents={**train.latents, "rot_x": np.full(32, 0.3)})
    assert scarce(still, val, 0, CIRCLES) == ("rot_x does not vary and is not measured alone",)
    (class_note,) = scarce(train, replace(val, labels=np.zeros(16, np.int64)), 0, CIRCLES)
    assert class_note == "val has objects of one class, which a constant prediction gets right"
    alone = random_split(1, 4)
    object_note, class_note = scarce(train, alone, 0, CIRCLES)
    assert (
        "val has one object" in object_note
        and class_note == "val has objects of one class, which a constant prediction gets right"
    )
    object_note, class_note = scarce(alone, val, 0, CIRCLES)
    assert object_note.startswith("train has one object") and class_note.startswith("train has objects of one class")


def test_latents_that_the_splits_vary_unlike_are_named() -> None:
    train, val = random_split(8, 4), random_split(4, 4, seed=1)
    moved = replace(val, latents={**val.latents, "rot_x": val.latents["rot_x"] + 9})
    assert scarce(train, moved, 0, CIRCLES) == ()
    assert scarce(train, moved, 0, {}) == ("val has values of rot_x outside train's range, where probes extrapolate",)
    narrow = replace(val, latents={**val.latents, "rot_y": val.latents["rot_y"] / 1000})
    for pair in ((train, narrow), (narrow, train)):
        assert scarce(*pair, 0, CIRCLES)[-1].startswith(
            "one split varies rot_y over a hundred times less than the other"
        )


def test_probes_that_may_not_be_at_their_best_are_named() -> None:
    fine = Regularisation.of([0.0, 1.0], 0.0, steps=9)
    assert unsettled({"whole": {"rotation": fine}}) == ()
    cut = Regularisation.of([0.1, 1.0], 1.0, steps=400, converged=False)
    weak = Regularisation.of([1e-7, 1.0], 1e-7)
    cut_note, weak_note = unsettled(
        {"whole": {"rotation": cut, "pose_linear": weak}, "invariant": {"pose_linear": weak}}
    )
    assert "not converged" in cut_note and "rotation (whole)" in cut_note and "pose_linear" not in cut_note
    assert "weakest" in weak_note and "pose_linear (whole), pose_linear (invariant)" in weak_note
