"""A method on pictures that cannot serve it is refused in one sentence, by the latents and not by the recipe's name."""

from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from small_runs import config as small

from iebench.baselines.method import ObjectSettings, build, find, names
from iebench.baselines.needs import Needs
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.benchmark.data.images import Images
from iebench.benchmark.data.partners import Partners
from iebench.benchmark.distributed.ranks import Ranks
from iebench.benchmark.errors import DatasetError, IebenchError, SettingError
from iebench.benchmark.training.checks import check_fit, check_groups
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.benchmark.training.log import read
from iebench.benchmark.training.train import ordered, train
from iebench.manifests.conventions import ANGLES, pose
from iebench.manifests.latents import draw_all
from iebench.manifests.recipe import load

RUNS = Needs(views=3, pictures=("runs", "still"))


def config(method: str, *assignments: str) -> RunConfig:
    settings, own = resolve(method, "quick", ["batch=4", "encoder.width=0.125", *assignments])
    return RunConfig(method, asdict(own), settings, Path("data"), "f" * 64, 64, 0, "cpu", {})


def check(images: Images, about: RunConfig) -> None:
    """Check a method on a split, as a training does before any work."""
    check_groups(about, Ranks(0, 1))
    own = find(about.method).settings(**about.method_settings)
    if isinstance(own, ObjectSettings):
        own = own.of_objects(len(images) // images.views_per_object)
    check_fit(images, build(about.method, own, EncoderSettings(0.125)), about)


def drawn(images: Images, recipe: str, views: int) -> Images:
    """Return a split whose latents are those of another recipe, under the name of its own."""
    objects = len(images) // images.views_per_object
    tables = [draw_all(load(recipe), 0, "s", str(number), views) for number in range(objects)]
    latents = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    rows: NDArray[np.int64] = np.repeat(np.arange(objects) * images.views_per_object, views)
    return replace(images, latents=latents, table=images.table.take(rows), views_per_object=views)


@pytest.mark.parametrize(
    ("method", "needs", "assignments", "words"),
    [
        ("care", None, ["method.chunk=4"], "care, .*: objects do not have the same pose .* 3diebench-shared-all$"),
        ("g-nft", None, [], "g-nft, which needs views .*: floor_hue differs between the views .* 3diebench-still$"),
        ("msp", None, [], "msp, which needs views .*, runs .*: floor_hue differs .* 3diebench-steps$"),
        ("msp", None, ["method.partners=2"], "msp, which needs .* one list of poses .* 3diebench-steps-shared$"),
        ("simclr", RUNS, [], "simclr, which needs runs .*: no 3 consecutive views .* constant .* 3diebench-steps$"),
        ("simclr", Needs(views=9), [], "8 views of each object and views=9 needs more: render more with --views$"),
        ("seq-jepa", None, ["views=9"], "8 views .* views=9 needs more: lower it with --set views=2, or render more"),
        ("simclr", Needs(views=3), ["views=9"], "views=9 needs more: lower it with --set views=3, or render more"),
        ("simclr", Needs(views=4), ["views=2"], "compares 4 views .* views=2 gives fewer: .* --set views=4$"),
        ("care", None, ["method.chunk=3"], "groups of 3 .* batch=4 over 1 rank does not divide .* --set batch=3$"),
        ("stl", None, ["batch=80"], "batch=80 is more than the 55 objects .*: lower it with --set batch=54$"),
        ("simclr", Needs(group=60), ["batch=60"], "than the 55 objects .*: no batch has a group of 60, so render more"),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_what_cannot_serve_is_one_sentence_with_the_remedy(
    method: str,
    needs: Needs | None,
    assignments: list[str],
    words: str,
    imported: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On an imported dataset, whose recipe says nothing of such properties."""
    if needs is not None:
        monkeypatch.setattr(find(method).method, "needs", classmethod(lambda cls, settings: needs))
    with pytest.raises((SettingError, DatasetError), match=words) as error:
        check(Images.open(imported, "train", subset=55), config(method, *assignments))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("recipe", "method", "change"),
    [
        ("3diebench-shared-all", "care", "method.chunk=4"),
        ("3diebench-still", "g-nft", "method.degrees=1"),
        ("3diebench-steps", "msp", "method.partners=1"),
        ("3diebench-steps-shared", "msp", "method.partners=2"),
    ],
)
@pytest.mark.slow
def test_the_named_recipe_serves_whatever_it_is_called(recipe: str, method: str, change: str, imported: Path) -> None:
    split, about = Images.open(imported, "train"), config(method, change)
    check(drawn(split, recipe, 9), about)
    for other in ("3diebench", "3diebench-shared", "3diebench-so3"):
        with pytest.raises(SettingError, match="cannot serve"):
            check(drawn(split, other, 9), about)


@pytest.mark.slow
def test_one_recipe_serves_every_method_with_its_default_needs(imported: Path) -> None:
    images = drawn(Images.open(imported, "train", subset=32), "3diebench-steps-shared-all", 10)
    assert config("seq-jepa-3").settings.views == 4
    with torch.device("meta"):  # no memory for the heads
        for method in names():
            check(images, config(method, "batch=32"))


def test_more_views_than_a_run_has_are_lowered_and_not_rendered_again(imported: Path) -> None:
    images = drawn(Images.open(imported, "train"), "3diebench-steps", 15)
    with pytest.raises(
        SettingError, match=r"no 7 consecutive views .*; lower it with --set views=5, or give a dataset"
    ):
        check(images, config("msp", "views=7"))
    check(images, config("msp", "views=5"))


def test_a_refused_training_leaves_no_folder(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(IebenchError, match="cannot serve care"):
        train(tmp_path / "run", small(tiny_dataset, method="care"))
    assert not (tmp_path / "run").exists()


def test_a_training_on_runs_sees_views_of_one_run_in_order(imported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find("simclr").method, "needs", classmethod(lambda cls, settings: RUNS))
    images = drawn(Images.open(imported, "train"), "3diebench-steps", 12)
    order = ordered(config("simclr", "views=4"), images, Ranks(0, 1))
    angles = np.stack([images.latents[name] for name in ANGLES], axis=-1)
    firsts = set()
    for step in range(40):
        rows = order.rows(step)
        firsts |= set((rows[:, 0] % 12).tolist())
        turns = [pose(angles[rows[:, k]]) for k in range(4)]
        steps = [(start.inv() * end).as_rotvec() for start, end in pairwise(turns)]
        np.testing.assert_allclose(steps[1:], np.broadcast_to(steps[0], (2, 4, 3)), atol=1e-7)
    assert firsts == {0, 1, 5, 6}  # two runs of five, each with two runs of four


def test_chunks_show_the_same_view_numbers_on_every_rank(imported: Path) -> None:
    images = drawn(Images.open(imported, "train"), "3diebench-shared-all", 8)
    about = config("care", "method.chunk=4", "batch=16")
    for step in range(6):
        whole = ordered(about, images, Ranks(0, 1)).rows(step)
        parts = [ordered(about, images, Ranks(rank, 2)).rows(step) for rank in (0, 1)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
        numbers = (whole % 8).reshape(4, 4, 2)
        np.testing.assert_array_equal(numbers, np.broadcast_to(numbers[:, :1], numbers.shape))


@pytest.mark.slow
def test_the_log_has_the_angle_between_partners_in_each_batch(tiny_dataset: Path, tmp_path: Path) -> None:
    about = small(tiny_dataset, "steps=3", method="stl")
    train(tmp_path / "run", about)
    order = ordered(about, Images.open(tiny_dataset, "train"), Ranks(0, 1))
    assert isinstance(order, Partners)
    logged = [line["partner_degrees"] for line in read(tmp_path / "run")]
    assert logged == [order.degrees(step) for step in range(3)] and min(logged) > 0
