"""An output folder belongs to one plan, stored in `.plan.json`; if that is lost, a finished dataset proves its plan."""

import json
import shutil

import pytest
from observe import content

from iebench.manifests.dataset import INFO, PLAN
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.errors import OutputError
from iebench.renderer.proof.verify import verify
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

DAMAGE = {"lost": None, "empty": "", "cut short": '{"format": 1, "sou', "a list": "[1, 2]", "binary": "\x00\x01"}


@pytest.fixture
def copy(tiny_dataset, tmp_path):
    return shutil.copytree(tiny_dataset, tmp_path / "d")


def test_the_same_plan_again_is_recognised(copy, tiny_dataset, tiny_plan):
    """JSON has lists where a recipe has tuples, which must not count as a difference."""
    (copy / "train/00000.tar").unlink()
    render_dataset(tiny_plan(), copy, workers=1, backend=FAKE)
    assert content(copy) == content(tiny_dataset)


def damage(folder, how):
    if DAMAGE[how] is None:
        (folder / PLAN).unlink()
    else:
        (folder / PLAN).write_text(DAMAGE[how], encoding="utf-8")


@pytest.mark.parametrize("how", DAMAGE)
def test_a_finished_dataset_proves_its_plan(copy, tiny_dataset, tiny_plan, how, capsys):
    damage(copy, how)
    render_dataset(tiny_plan(), copy, workers=1, backend=FAKE)
    assert content(copy) == content(tiny_dataset)
    word = "lost" if how == "lost" else "damaged"
    assert f"{copy}/{PLAN} was {word}; it is written again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, "seed is 0 in it and 1 in this command"),
        ({"per_class": 4}, "objects is 30 in it and 24 in this command"),
        ({"views": 5}, "recipe.views is 6 in it and 5 in this command"),
        ({"classes": "02691156,02747177"}, "objects_sha256 is "),
    ],
)
def test_another_plan_is_still_refused_and_nothing_is_touched(copy, tiny_dataset, tiny_plan, change, words):
    damage(copy, "lost")
    with pytest.raises(OutputError, match=rf"holds another dataset: .*{words}") as caught:
        render_dataset(tiny_plan(**change), copy, workers=1, backend=FAKE)
    assert len(str(caught.value)) < 600
    assert content(copy) == {name: c for name, c in content(tiny_dataset).items() if name != PLAN}


def test_a_plan_of_a_newer_iebench_is_refused_with_the_advice_to_update(copy, tiny_plan):
    table = json.loads((copy / PLAN).read_text())
    (copy / PLAN).write_text(json.dumps({**table, "format": 2}))
    with pytest.raises(OutputError, match=f"{PLAN} is a plan of format 2, and this iebench reads 1: update iebench"):
        render_dataset(tiny_plan(), copy, workers=1, backend=FAKE)


@pytest.mark.parametrize("how", DAMAGE)
def test_shards_of_an_unfinished_dataset_prove_nothing_and_are_left_alone(copy, tiny_plan, how):
    damage(copy, how)
    (copy / INFO).unlink()
    before = content(copy)
    with pytest.raises(OutputError, match=rf"holds shards of an unfinished dataset, .*{PLAN}, .* is (lost|damaged)"):
        render_dataset(tiny_plan(), copy, workers=1, backend=FAKE)
    assert content(copy) == before


def test_a_damaged_claim_of_nothing_is_made_again(tiny_plan, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / PLAN).write_text("{")
    assert render_dataset(tiny_plan(classes="1", per_class=1, views=1), tmp_path / "d", workers=1, backend=FAKE)


@pytest.mark.parametrize("name", [INFO, "objects.parquet"])
def test_a_lost_plan_with_a_damaged_dataset_is_refused(copy, tiny_plan, name):
    damage(copy, "lost")
    (copy / name).write_bytes((copy / name).read_bytes()[:-9])
    with pytest.raises(OutputError, match=rf"has lost its {PLAN}, and {INFO} or objects.parquet, .* damaged"):
        render_dataset(tiny_plan(), copy, workers=1, backend=FAKE)


def test_other_files_are_no_dataset(tiny_plan, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="is not empty and holds no dataset: choose another output"):
        render_dataset(tiny_plan(), tmp_path / "d", workers=1, backend=FAKE)


def test_verify_reports_a_lost_plan_and_render_restores_it(copy, tiny_plan):
    damage(copy, "lost")
    report = verify(copy, 1, 0, None, "cpu")
    assert not report.ok and any(PLAN in line for line in report.lines())
    render_dataset(tiny_plan(), copy, workers=1, backend=FAKE)
    assert verify(copy, 1, 0, None, "cpu").ok
