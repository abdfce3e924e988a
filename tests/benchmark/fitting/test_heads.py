"""Training of heads: the inputs that its result depends on, and that heads learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scoring import LINEAR, SMALL, context_of, random_split

from iebench.benchmark.errors import ScoringError
from iebench.benchmark.fitting.context import Context, Rows, Split
from iebench.benchmark.fitting.heads import Predictions, Task, train_heads
from iebench.benchmark.fitting.stack import squares
from iebench.benchmark.protocol import Head, Protocol
from iebench.benchmark.statistics.metric_info import WHOLE

KEEN = Head(hidden=(), epochs=150, batch=20, lr=(0.03,), weight_decay=(0.0,), schedule="linear")


def protocol(**changed: object) -> Protocol:
    return replace(SMALL, heads={"changes": replace(KEEN, **changed)}, seeds=1)  # type: ignore[arg-type]


def hue_of(split: Split, rows: Rows) -> np.ndarray:
    return split.columns(["floor_hue"], rows[..., 0]).astype(np.float32)


HUE = Task("changes", 1, 1, hue_of, squares, lambda predictions: {})


def learnt(context: Context, task: Task = HUE, part: str = WHOLE) -> Predictions:
    return train_heads(context, [task])[0][part]


def test_a_linear_head_finds_the_least_squares_solution() -> None:
    train, val = random_split(60, 4, rounds=150), random_split(20, 4, seed=1)
    predictions = learnt(context_of(train, val, protocol()))
    assert (
        predictions.rows[:, 0].tolist() == list(range(80))
        and predictions.objects.tolist() == np.repeat(range(20), 4).tolist()
    )
    np.testing.assert_allclose(
        predictions.outputs[0, :, 0], val.latents["floor_hue"], atol=0.02
    )  # a feature is the hue


def test_a_part_sees_its_columns_only() -> None:
    train, val = random_split(30, 4, rounds=150), random_split(10, 4, seed=1)
    changed = train.features.copy()
    changed[:, 3:] = 0.0
    parts = {"part": slice(0, 3)}
    whole = learnt(context_of(train, val, protocol(epochs=5), parts=parts), part="part")
    cut = learnt(context_of(replace(train, features=changed), val, protocol(epochs=5), parts=parts), part="part")
    np.testing.assert_array_equal(whole.outputs, cut.outputs)


def test_training_is_reproducible_and_its_seed_matters() -> None:
    context = context_of(random_split(30, 4, rounds=150), random_split(10, 4, seed=1), protocol(epochs=5))
    first, second, other = (learnt(c).outputs for c in (context, context, replace(context, seeds=(1,))))
    assert (first == second).all() and (first != other).any()


def test_a_seed_learns_the_same_beside_others() -> None:
    context = context_of(random_split(30, 4, rounds=150), random_split(10, 4, seed=1), protocol(epochs=5))
    together = learnt(replace(context, seeds=(3, 5))).outputs
    for number, seed in enumerate((3, 5)):
        alone = learnt(replace(context, seeds=(seed,))).outputs[0]
        np.testing.assert_allclose(together[number], alone, rtol=1e-4, atol=1e-5)


def test_building_heads_leaves_torchs_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    learnt(context_of(random_split(8, 4), random_split(4, 4, seed=1), protocol(epochs=1)))
    assert torch.equal(torch.rand(1), expected)


def test_two_views_are_put_side_by_side_in_order() -> None:
    train, val = random_split(60, 4, rounds=150), random_split(20, 4, seed=1)

    def difference(split: Split, rows: Rows) -> np.ndarray:
        hues = split.latents["floor_hue"][rows]
        return (hues[..., 1:] - hues[..., :1]).astype(np.float32)

    predictions = learnt(context_of(train, val, protocol()), replace(HUE, views=2, target=difference))
    np.testing.assert_allclose(predictions.outputs[0], difference(val, predictions.rows), atol=0.03)


@pytest.mark.slow
def test_rate_and_decay_are_chosen_on_the_tuning_objects_alone() -> None:
    train, val = random_split(60, 4, rounds=150), random_split(20, 4, seed=1)
    several = protocol(lr=(1e-7, 0.03), weight_decay=(1e3, 0.0))
    context = context_of(train, val, several, tuning=12)
    good = learnt(context_of(train, val, protocol(), tuning=12)).outputs
    np.testing.assert_allclose(learnt(context).outputs, good, rtol=1e-4, atol=1e-4)

    # if the tuning objects' features mislead, a head that learns nothing does best on them
    blind = train.features.copy()
    blind[: 12 * 4, 3] *= -30
    fooled = learnt(replace(context, train=replace(train, features=blind))).outputs
    assert np.abs(fooled[0, :, 0] - val.latents["floor_hue"]).mean() > 0.2


def test_tuning_objects_teach_nothing() -> None:
    train, val = random_split(30, 4, rounds=150), random_split(10, 4, seed=1)
    changed = {**train.latents, "floor_hue": train.latents["floor_hue"].copy()}
    changed["floor_hue"][: 4 * 4] = 77.0
    plain = learnt(context_of(train, val, protocol(epochs=5)))
    spoilt = learnt(context_of(replace(train, latents=changed), val, protocol(epochs=5)))
    np.testing.assert_array_equal(plain.outputs, spoilt.outputs)


def test_one_view_of_each_object_may_be_asked() -> None:
    val = random_split(20, 4, seed=1)
    predictions = learnt(context_of(random_split(20, 4), val, replace(protocol(epochs=2), val_views="one")))
    assert predictions.rows.tolist() == val.all_pairs()[0][:, :1].tolist() and len(predictions.objects) == 20 * 3


def test_heads_that_do_not_stay_finite_are_an_error() -> None:
    train, val = random_split(20, 4), random_split(8, 4, seed=1)
    huge = replace(val, features=val.features + np.float32(np.inf))
    with pytest.raises(ScoringError, match="changes heads on part 'whole' did not stay finite"):
        learnt(context_of(train, huge, protocol(epochs=2)))


def test_every_epoch_of_every_stack_advances_the_meter() -> None:
    context = context_of(random_split(8, 4), random_split(4, 4, seed=1), parts={"a": slice(0, 2), "b": slice(2, 9)})
    train_heads(context, [replace(HUE, name="changes")])
    assert context.meter.done == 2 * LINEAR.epochs


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_the_number_of_cores_changes_nothing(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    train, val = random_split(30, 4, rounds=150), random_split(10, 4, seed=1)
    parts = {"a": slice(0, 9), "b": slice(0, 5), "c": slice(5, 9)}
    alone = {
        name: learnt(context_of(train, val, protocol(epochs=9), parts={name: part}), part=name).outputs
        for name, part in parts.items()
    }
    monkeypatch.setattr("iebench.benchmark.fitting.heads.cores", lambda: cores)
    before = torch.get_num_threads()
    together = train_heads(context_of(train, val, protocol(epochs=9), parts=parts), [HUE])[0]
    assert list(together) == list(parts) and torch.get_num_threads() == before
    for name in parts:
        np.testing.assert_array_equal(together[name].outputs, alone[name])
