"""Untrusted text in every field of a score: refused, or shown unchanged in every format and never as markup."""

import csv
import io
import json
import re
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats import Page, markdown_shape, tex_shape
from hostile import MARKUP, REFUSED, SOUND, filled, leaves
from scoring import SMALL, measured, score_of

from iebench.benchmark.errors import RunError, ScoreFileError
from iebench.benchmark.orbits.plot import draw
from iebench.benchmark.orbits.sweep import Orbits
from iebench.benchmark.ranking import published as reported
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.tables import FORMATS
from iebench.benchmark.report import report
from iebench.benchmark.results.faults import faults_of
from iebench.benchmark.results.orbits import CURVES
from iebench.benchmark.results.orbits import read as read_orbits
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.results.score import Cost, Example, Score
from iebench.benchmark.statistics.bootstrap import Bootstrap
from iebench.benchmark.statistics.metric_info import MetricInfo
from iebench.manifests.shell.cli import main
from iebench.manifests.text.plain_text import flaw

SGR = re.compile(r"\x1b\[[0-9;]*m")
FORMULA = tuple("=+-@\t\r")


def scores(text: str) -> dict[Path, Score]:
    """Two scores with a text in every field that can hold text."""
    described = MetricInfo("own", "measured by another package", digits=2)
    results = {}
    for i in range(2):
        whole = {"top1": measured(0.5 + i / 9), "own": measured(0.2), "lost": measured(0.2)}
        part = {"top1": measured(0.1)}
        score = filled(
            replace(
                score_of("tame", {"whole": whole, "part": part}), metrics={"own": described}, notes=("x",),
                cost=Cost(training_device="x"), examples=(Example("a", "b", 0, 1, 1, 1),),
            ),
            text,
        )  # fmt: skip
        draws = score.resamples.draws
        own = replace(score.metrics["own"], over_objects="mean", r2="", split="val", package="")
        lost = replace(score.metrics["own"], over_objects="mean", column=False)  # of a package with that name
        results[Path(f"{i}/score.json")] = replace(
            score, name=f"{text}{i}", metrics={"own": own, "lost": lost},
            values={"whole": whole, f"{text} ": part},
            resamples=replace(score.resamples, draws={"whole": draws["whole"], f"{text} ": draws["part"]}),
            encoder=replace(score.encoder, parts={f"{text} ": (0, 8)}),
        )  # fmt: skip
    return results


@pytest.fixture(scope="module")
def tame() -> Board:
    return Board.of(scores("tame"), True, "own")


@pytest.mark.parametrize("text", [*MARKUP, *SOUND, *REFUSED.values()])
class TestEveryFormat:
    """Here fields may hold any text, also text that a reader would refuse."""

    def test_screen(self, text: str, tame: Board) -> None:
        shown = SGR.sub("", FORMATS["table"](Board.of(scores(text), True, "own")))
        lines = shown.split("\n")
        assert all(flaw(line) == "" for line in lines)
        assert len(lines) == len(FORMATS["table"](tame).split("\n"))
        assert flaw(text) or sum(text.strip() in line for line in lines) >= 4

    def test_markdown(self, text: str, tame: Board) -> None:
        blocks, plain = markdown_shape(FORMATS["md"](Board.of(scores(text), True, "own")))
        assert blocks == markdown_shape(FORMATS["md"](tame))[0]
        assert flaw(text) or f"{text}0".strip() in plain

    def test_csv(self, text: str, tame: Board) -> None:
        written = FORMATS["csv"](Board.of(scores(text), True, "own"))
        rows = list(csv.reader(io.StringIO(written)))
        assert len(rows) == len(list(csv.reader(io.StringIO(FORMATS["csv"](tame)))))
        for separator in ",;\t":  # as spreadsheets of any country read it
            cells = [cell for row in csv.reader(io.StringIO(written), delimiter=separator) for cell in row]
            assert not any(cell.startswith(FORMULA) and not is_number(cell) for cell in cells)
        assert flaw(text) or {row[0].replace("'", "") for row in rows[1:]} == {
            f"{text}{i}".replace("'", "") for i in (0, 1)
        }
        assert {len(row) for row in rows} == {len(rows[0])}

    def test_latex(self, text: str, tame: Board) -> None:
        assert tex_shape(FORMATS["latex"](Board.of(scores(text), True, "own"))) == tex_shape(FORMATS["latex"](tame))

    def test_json(self, text: str, tame: Board) -> None:
        board = Board.of(scores(text), True, "own")
        table = json.loads(FORMATS["json"](board))
        FORMATS["json"](board).encode("ascii")
        assert [row["run"] for row in table["rows"]] == [row.name for row in board.rows]

    def test_report(self, text: str, tame: Board) -> None:
        written = report(scores(text), None)
        written.encode("utf-8")
        page = Page(written)
        assert page.tags == tame_page().tags
        assert flaw(text) or f"{text}0" in "".join(page.texts)
        assert not flaw(written.replace("\n", "").replace("\t", ""))


@cache
def tame_page() -> Page:
    return Page(report(scores("tame"), None))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("text", [*MARKUP, *SOUND])
def test_reported_rows_are_texts_too(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def shape(words: str) -> tuple[list[str], list[str], int]:
        row = reported.Published(*([words] * len(fields(reported.Published))))
        monkeypatch.setattr(reported, "published", lambda: [row])
        blocks, plain = markdown_shape(reported.markdown())
        return blocks, plain, len(reported.screen().split("\n"))

    blocks, plain, lines = shape(text)
    assert (blocks, lines) == (shape("tame")[0], shape("tame")[2]) and plain.count(text.strip()) == len(reported.TITLES)


def test_a_negative_number_stays_one() -> None:
    low = {"whole": {"top1": measured(0.5), "rotation_r2_mean": measured(-0.3)}}
    board = Board.of({Path("a"): score_of("a", low)}, parts=False)
    [row] = csv.DictReader(io.StringIO(FORMATS["csv"](board)))
    assert float(row["rotation_r2_mean"]) == -0.3
    for form in ("table", "md", "latex"):
        assert re.search(r"(?<!')-0\.300", FORMATS[form](board))


@pytest.mark.parametrize("kind", REFUSED)
def test_every_text_of_a_score_is_looked_at(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    [good, _] = scores("tame").values()
    good.save(path)
    table = json.loads(path.read_text())
    for field, holder, key in leaves(table):
        before = holder[key]
        holder[key] = REFUSED[kind]
        path.write_text(json.dumps(table))
        with pytest.raises(ScoreFileError) as caught:
            load_score(path)
        holder[key] = before
        text = str(caught.value)
        assert text.startswith(f"{path}: {field} holds ") and text.endswith("`iebench score` again") and not flaw(text)


@pytest.mark.parametrize("key", ["versions", "seconds", "values", "chosen", "run"])
def test_keys_of_a_score_are_texts_too(key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "score.json"
    [good, _] = scores("tame").values()
    good.save(path)
    table = json.loads(path.read_text())
    table[key]["\x1b[31m"] = {}
    path.write_text(json.dumps(table))
    with pytest.raises(SystemExit) as stop:
        main(["validate", str(path)])
    message = capsys.readouterr().err
    assert stop.value.code == 1 and f"{path}: the key {key}.\\x1b[31m holds a control character (U+001B)" in message
    assert not flaw(message.rstrip("\n"))


@pytest.mark.parametrize("name", ["-rf", ".hidden", "a" * 300, "..", "a/b"])
def test_names_that_are_none(name: str) -> None:
    good = score_of("sie", {"whole": {"top1": measured(0.5)}})
    assert faults_of(good) == []
    for changed in (replace(good, name=name), replace(good, encoder=replace(good.encoder, name=name))):
        [fault] = faults_of(changed)
        assert re.match(r"(encoder\.)?name (begins|has|is)", fault)
    assert len(name) < 300 or "has 300 letters" in faults_of(replace(good, dataset=replace(good.dataset, name=name)))[0]


@pytest.mark.parametrize("text", REFUSED.values())
def test_orbits_are_looked_through(text: str, tmp_path: Path) -> None:
    line = {key: [0.5] for key in ("mean", "low", "high", "worst")}
    table: dict[str, Any] = {
        "format": 1, "weights": "c" * 64, "dataset": "d" * 64, "factor": "rot_z", "unit": "degrees", "limit": None,
        "places": [0], "parts": {"whole": dict.fromkeys(CURVES, line)},
    }  # fmt: skip
    for changed in ({"factor": text}, {"parts": {text: table["parts"]["whole"]}}):
        (tmp_path / "orbits.json").write_text(json.dumps(table | changed))
        with pytest.raises(RunError, match=r"orbits\.json: .* holds .*: run `iebench orbits` again"):
            read_orbits(tmp_path)


@pytest.mark.slow
def test_plots_show_a_name_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.text import Text

    text, shown = "$\\frac{1}{$ $x$ \\$ αé", list[tuple[str, bool]]()
    original = Text._preprocess_math

    def note(self: Text, words: str) -> Any:
        parsed = original(self, words)
        shown.append((parsed[0], parsed[1]))
        return parsed

    monkeypatch.setattr(Text, "_preprocess_math", note)
    curves = {curve: np.full((6, 3), 0.5) for curve in CURVES}
    orbits = Orbits("rot_z", "degrees", np.array([0.0, 1.0, 2.0]), {"whole": curves})
    assert draw(orbits, text, Bootstrap.of(6, SMALL.draws, SMALL.level, 0)).startswith(b"\x89PNG")
    assert (f"{text}: over the orbit of rot_z", False) in shown and not any(maths for _, maths in shown)


def test_a_folder_may_be_called_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    good = score_of("sie", {"whole": {"top1": measured(0.5)}})
    paths = [tmp_path / "runs" / name / "score.json" for name in ("a\x1b[2J\nforged: ok", "b")]
    for path in paths:
        good.save(path)
    replace(good, name="same", limit=4).save(tmp_path / "runs" / "c\x9b31m" / "score.json")
    for command, lines in (
        (["validate", *map(str, paths)], 2),
        (["leaderboard"], 0),
        (["leaderboard", "--format", "json"], 0),
    ):
        with pytest.raises(SystemExit):
            main(command)
        out, err = capsys.readouterr()
        printed = [SGR.sub("", line) for line in (out + err).split("\n")]
        assert not any(map(flaw, printed)) and (not lines or len([line for line in printed if line]) == lines)
