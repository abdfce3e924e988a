"""The catalogue of methods is correct and complete, and docs/reference/methods.md is what the command writes."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import ROOT
from plugins import install

from iebench.baselines import variants
from iebench.baselines.errors import UnknownName
from iebench.baselines.method import find, names
from iebench.baselines.registry import METHODS
from iebench.benchmark.commands import catalogue
from iebench.benchmark.commands.catalogue import BATCH, SIDE, everything, listed, settings
from iebench.benchmark.commands.method_page import presets_of
from iebench.benchmark.commands.methods import methods
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "reference" / "methods.md"


def test_the_page_is_what_the_command_makes(tmp_path: Path) -> None:
    out = tmp_path / "methods.md"
    result = CliRunner().invoke(methods, ["--format", "md", "--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    assert out.read_text() == PAGE.read_text(), "run: iebench methods --format md --out docs/reference/methods.md"


def test_every_method_is_there_once_with_its_variants_behind_it() -> None:
    rows = everything()
    assert sorted(row.entry.name for row in rows) == names()
    for before, row in pairwise(rows):
        assert row.entry.base in (row.entry.name, before.entry.base)


@pytest.mark.parametrize("name", sorted(set(names()) - set(variants.load()) - {"random", "supervised"}))
def test_every_method_says_whose_it_is(name: str) -> None:
    assert re.search(r"\(.+ (19|20)\d\d\b.*\)$", listed(name).about)


UNPUBLISHED = {"augself", "supervised", "tico", "wigner"}  # their sources have no budget or settings for such data


@pytest.mark.parametrize("name", sorted(set(names()) - set(variants.load()) - {"random"}))
def test_every_method_has_presets_of_its_own_or_says_that_its_paper_gives_none(name: str) -> None:
    presets = presets_of(name)
    assert {"quick", "fair"} <= set(presets) or name == "supervised"
    assert any(preset.endswith("-paper") for preset in presets) == (name not in UNPUBLISHED)


def test_the_facts_of_sie_are_the_papers() -> None:
    row = listed("sie")
    assert (row.condition, row.parts, row.predictor) == ("rotation", {"invariant": 256, "equivariant": 256}, 1024)
    linear, norm = 256 * 1024 + 1024 + 1024 * 1024 + 1024, 4 * 1024
    assert row.heads == 2 * (linear + norm + 1024 * 1024) + 4 * 1024 * 1024
    assert row.encoder == 11_689_512 - 512 * 1000 - 1000
    assert listed("sie-rotation-colour").condition == "rotation + colour"
    assert listed("supervised").condition == "class, rotation"
    assert listed("vicreg").condition == "–" and listed("random").cost == 0 == listed("random").heads


def test_operations_are_those_of_the_literature() -> None:
    """A ResNet-18 takes 1.814 G multiply-adds at 224 pixels; backward takes twice forward, less the input gradient."""
    forward = 2 * 1.814e9 * (SIDE / 224) ** 2 * BATCH * 2
    assert 2.9 < catalogue.measure("supervised-class")[1] / forward < 3.0


def test_costs_are_relative_to_simclr() -> None:
    assert listed("simclr").cost == 1
    assert listed("byol").cost == pytest.approx(4 / 3, abs=0.02)  # plus one forward pass of the target network
    assert listed("vicreg-traj").cost == pytest.approx(1.5, abs=0.02)  # three views instead of two
    assert 1 < listed("equimod").cost < 1.02


@pytest.mark.parametrize("name", names())
def test_every_setting_has_a_meaning(name: str) -> None:
    assert all(meaning for _, _, meaning in settings(find(name)))


def test_the_page_has_the_remarks_of_a_methods_module() -> None:
    page = PAGE.read_text()
    assert "Two parts are guesses, and settings: no gradient flows into the sharpened target (`stop_gradient`)" in page
    assert "A dense matrix can map any x to any y (y x^T / |x|^2 does), so its alignment error has no meaning" in page
    assert "iebench train --method" not in page


def test_some_methods_alone_and_a_misspelt_one() -> None:
    result = CliRunner().invoke(methods, ["random", "sie"], catch_exceptions=False)
    lines = result.output.splitlines()
    assert "random" in lines[2] and "sie" in lines[3] and "vicreg " not in result.output
    with pytest.raises(UnknownName, match="did you mean sie"):
        CliRunner().invoke(methods, ["siee"], catch_exceptions=False)


PEEKS = """
from dataclasses import dataclass
from iebench.baselines.method import Method, method
@dataclass(frozen=True)
class PeekSettings:
    pass
@method("peek", PeekSettings)
class Peek(Method):
    def __init__(self, encoder, settings):
        super().__init__(encoder)
    def loss(self, images, latents):
        energy = self.represent(images).square().mean()
        return {"loss": energy * (1 if float(energy) > 0 else 2)}
"""


def test_a_method_that_looks_at_numbers_is_said_and_the_others_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, monkeypatch, METHODS, {"peek": "peeking"}, peeking=PEEKS)
    with pytest.raises(SystemExit) as stop:
        main(["methods", "--out", str(tmp_path / "methods.md"), "--format", "md"])
    assert stop.value.code == 3 and (tmp_path / "methods.md").read_text() == PAGE.read_text()
    error = capsys.readouterr().err
    assert "the method 'peek' cannot be measured without images (RuntimeError: " in error and "Traceback" not in error


def test_a_broken_package_is_said_and_the_others_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = {"ghost": "poltergeist", "exits": "leaver"}
    install(tmp_path, monkeypatch, METHODS, points, poltergeist="1 / 0\n", leaver="raise SystemExit(7)\n")
    with pytest.raises(SystemExit) as stop:
        main(["methods", "--out", str(tmp_path / "methods.md"), "--format", "md"])
    assert stop.value.code == 3 and (tmp_path / "methods.md").read_text() == PAGE.read_text()
    assert capsys.readouterr().err.splitlines() == [
        "iebench: leaver, of the method 'exits', cannot be imported (SystemExit: 7): mend or remove that package",
        "iebench: poltergeist, of the method 'ghost', cannot be imported (ZeroDivisionError: division by zero): mend "
        "or remove that package",
    ]
    with pytest.raises(SystemExit) as stop:
        main(["methods", "ghost"])
    assert stop.value.code == 1
