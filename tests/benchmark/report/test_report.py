"""The report is one self-contained page that holds the given scores; test_report_browser.py tests its use."""

import base64
import itertools
import json
import re
import tracemalloc
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scoring import SMALL, measured, score_of

from iebench.benchmark.errors import NotComparable, RunError
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.report import dataset_of, embedded_json, report
from iebench.benchmark.report.content import curves, packed
from iebench.benchmark.report.pictures import Pictures, projected
from iebench.benchmark.results.retrievals import Retrievals
from iebench.benchmark.results.score import Score
from iebench.benchmark.statistics.regularisation import Regularisation
from iebench.benchmark.statistics.resamples import pack, unpack
from iebench.manifests.dataset import DatasetInfo

VALUES = {"whole": {"top1": measured(0.61), "mrr": measured(0.31)}, "invariant": {"top1": measured(0.45)}}
SCHEMES = ("data:image/png;base64,", "data:image/jpeg;base64,", "#")


class Page(HTMLParser):
    """Collects tags, links and text, and checks that tags are closed in order."""

    VOID = ("meta", "img", "link", "br", "input", "path")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def held(page: str) -> dict:
    """Return the JSON inside a page."""
    return json.loads(re.search(r'id="model">(.*?)</script>', page, re.DOTALL)[1])


@pytest.mark.slow
def test_it_is_well_formed_and_asks_for_nothing_from_outside(page: str) -> None:
    parsed = Page(page)
    assert parsed.open == [] and len(set(parsed.ids)) == len(parsed.ids)
    assert all(source.startswith(SCHEMES) for source in parsed.sources)
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org)|\bfetch\(|XMLHttpRequest", page)


@pytest.mark.slow
def test_twenty_methods_are_less_than_ten_megabytes(page: str) -> None:
    assert len(page.encode()) < 10_000_000


@pytest.mark.slow
def test_without_its_script_it_shows_table_dataset_runs_and_protocol(
    page: str, twenty: dict[Path, Score], tiny_dataset: Path
) -> None:
    words = " ".join(Page(page).words)
    info = DatasetInfo.load(tiny_dataset)
    best = max(twenty.values(), key=lambda score: score.values["whole"]["top1"].value).values["whole"]["top1"]
    show = METRICS["top1"].show
    interval = f"[{show(best.low)}, {show(best.high)}]"
    for shown in (show(best.value), interval, "invariant", "floor", info.fingerprint, info.licence, "floor_hue",
                  "batch 64", "heads.rotation.epochs", "24 objects", "Table 11"):  # fmt: skip
        assert shown in words
    assert "SMOKE" not in words


@pytest.mark.slow
def test_what_was_chosen_for_each_probe_is_shown(twenty: dict[Path, Score]) -> None:
    weak = Regularisation.of([1e-7, 1.0], 1e-7)
    some = {path: replace(s, regularisation={"whole": {"pose_linear": weak}}) for path, s in list(twenty.items())[:2]}
    words = " ".join(Page(report(some, None)).words)
    assert "Regularisation selected" in words and "pose_linear" in words and words.count("1e-07 (weakest tried)") == 2
    assert "Regularisation selected" not in " ".join(Page(report(twenty, None)).words)


@pytest.mark.slow
def test_the_script_gets_the_tables_numbers(page: str, twenty: dict[Path, Score]) -> None:
    table = held(page)
    board = Board.of(twenty, parts=True)
    assert table["methods"] == [row.name for row in board.rows if row.part == "whole"]
    for row, drawn in zip(board.rows, table["rows"], strict=True):
        assert table["methods"][drawn["method"]] == row.name and drawn["part"] == row.part
        for metric, cell in row.cells.items():
            m = cell.estimate
            assert drawn["values"][metric][:4] == pytest.approx([m.value, m.low, m.high, m.floor], rel=1e-5)


@pytest.mark.slow
def test_objects_have_their_values_and_the_worst_have_pictures(page: str, twenty: dict[Path, Score]) -> None:
    table = held(page)
    score = next(score for score in twenty.values() if score.name == table["methods"][0])
    for metric, packed_each in score.resamples.each.items():
        low, high, text = table["objects"]["values"][metric]["0"]
        unpacked = low + (high - low) * np.frombuffer(base64.b64decode(text), np.uint8) / 255
        np.testing.assert_allclose(unpacked, unpack(packed_each), atol=(high - low) / 500)
    assert len(table["objects"]["names"]) == 6 and sorted(table["objects"]["pictures"]) == [f"{i}.0" for i in range(6)]


def test_worst_objects_come_first_where_pictures_are_few(
    twenty: dict[Path, Score], tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iebench.benchmark.report.content.PICTURED", 2)
    score = dict(list(twenty.items())[1:2])
    [each] = [next(iter(score.values())).resamples.each["top1"]]
    table = held(report(score, tiny_dataset))
    assert len(table["objects"]["pictures"]) == 2
    assert f"{int(np.argmin(unpack(each)))}.0" in table["objects"]["pictures"]


def test_metrics_with_a_column_come_first_where_objects_are_many(
    twenty: dict[Path, Score], tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = dict(list(twenty.items())[:2])
    monkeypatch.setattr("iebench.benchmark.report.content.VALUES", 2 * 6 * 3)
    columns = Board.of(two, parts=False).columns
    assert list(held(report(two, tiny_dataset))["objects"]["values"]) == list(columns[:3])
    assert columns[1] != list(METRICS)[1]


def test_queries_have_pictures_and_poses(page: str) -> None:
    queries = held(page)["queries"]
    assert sum(len(group) for group in queries["methods"].values()) == 10 * 6
    for group in queries["methods"].values():
        for query in group:
            for view in ("source", "target", "retrieved"):
                assert f"{query['object']}.{query[view]}" in queries["pictures"]
            assert f"{query['object']}.{query['source']}" in queries["poses"]
            assert f"{query['object']}.{query['target']}" in queries["poses"]


def test_every_query_of_a_score_is_on_the_page(page: str, twenty: dict[Path, Score]) -> None:
    table = held(page)
    stored = {score.name: score.retrievals for score in twenty.values() if score.retrievals is not None}
    assert len(stored) == 5 and {table["methods"][int(i)] for i in table["queries"]["every"]} == set(stored)
    for i, every in table["queries"]["every"].items():
        kept = stored[table["methods"][int(i)]]
        retrieved, ranks = kept.lists()
        assert [table["objects"]["names"][k] for k in every["objects"]] == ["/".join(name) for name in kept.objects]
        assert every["views"] == list(kept.views) and every["among"] == 5
        assert every["retrieved"] == retrieved.tolist() and every["ranks"] == ranks.tolist()
        assert {f"{k}.{view}" for k in every["objects"] for view in range(6)} <= table["queries"]["poses"].keys()


def test_sources_and_targets_have_pictures_first_then_what_is_often_retrieved(
    twenty: dict[Path, Score], tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iebench.benchmark.report.queries.PICTURED", 3)
    path, score = next((path, score) for path, score in twenty.items() if score.retrievals is not None)
    [name, *_] = score.retrievals.objects  # type: ignore[union-attr]
    retrieved, ranks = pack(np.array([5.0, 5.0])), pack(np.array([2.0, 3.0]))
    few = replace(score, retrievals=Retrievals((name,), (0, 2), retrieved, ranks), examples=())
    assert set(held(report({path: few}, tiny_dataset))["queries"]["pictures"]) == {"0.0", "0.2", "0.5"}
    monkeypatch.setattr("iebench.benchmark.report.queries.PICTURED", 0)
    assert set(held(report({path: few}, tiny_dataset))["queries"]["pictures"]) == {"0.0", "0.2"}


def test_axes_are_projected_as_the_camera_sees_them() -> None:
    """The camera is at (0, 1, 1): x points left in the picture, z up, y down, both shortened by root 2."""
    short = 1 / 2**0.5
    expected = [[-1, 0], [0, short], [0, -short]]
    np.testing.assert_allclose(projected(np.eye(3)[None])[0], expected, atol=1e-12)


def test_poses_of_views_are_those_of_the_dataset(tiny_dataset: Path) -> None:
    pictures = Pictures.of(tiny_dataset, DatasetInfo.load(tiny_dataset), SMALL, None)
    poses = pictures.poses([(2, 5), (0, 1), (2, 0)])
    assert sorted(poses) == ["0.1", "2.0", "2.5"]
    degrees, matrices = pictures.turn(2, 0, 5)  # type: ignore[misc]
    for key, matrix, ends in zip(("2.0", "2.5"), matrices, projected(matrices), strict=True):
        np.testing.assert_allclose(Rotation.from_quat(poses[key][:4]).as_matrix(), matrix, atol=1e-5)
        np.testing.assert_allclose(poses[key][4:], ends.ravel(), atol=1e-6)
    between = Rotation.from_quat(poses["2.0"][:4]).inv() * Rotation.from_quat(poses["2.5"][:4])
    assert np.degrees(between.magnitude()) == pytest.approx(degrees, abs=1e-3)


def test_curves_are_thinned_and_keep_what_is_finite(tmp_path: Path) -> None:
    lines = [{"step": k, "loss": float(k), "seconds": 1.0} for k in range(1, 1001)] + [{"step": 1001, "loss": np.nan}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    board = Board.of({tmp_path / "score.json": score_of("a", VALUES)}, parts=False)
    charts = curves(board.rows)
    assert list(charts) == ["loss"] and charts["loss"][0]["name"] == "a"
    points = charts["loss"][0]["points"]
    assert 150 <= len(points) <= 250 and points[0] == [1, 1.0] and all(step == value for step, value in points)


@pytest.mark.parametrize("count", [1, 299, 300, 301, 15_000])
@pytest.mark.slow
def test_curves_of_a_log_of_any_length_take_the_same_memory(tmp_path: Path, count: int) -> None:
    with (tmp_path / "metrics.jsonl").open("w") as file:
        file.writelines(f'{{"step": {step}, "loss": {step}, "other": 1e27}}\n' for step in range(1, count + 1))
    board = Board.of({tmp_path / "score.json": score_of("a", VALUES)}, parts=False)
    tracemalloc.start()
    try:
        points = curves(board.rows)["loss"][0]["points"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert points[0] == [1, 1.0] and min(count, 150) <= len(points) <= 300 and peak < 500_000
    steps = {second[0] - first[0] for first, second in itertools.pairwise(points)}
    assert len(steps) <= 1  # evenly spread


def test_a_log_of_any_numbers_of_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("".join(f'{{"step": {k}, "loss{k}": 1}}\n' for k in range(1_001)))
    board = Board.of({tmp_path / "score.json": score_of("a", VALUES)}, parts=False)
    with pytest.raises(RunError, match=r"metrics\.jsonl has values of more than 1,000 names: move it away"):
        curves(board.rows)


@pytest.mark.parametrize("change", [{"object_id": "gone"}, {"synset": "\ud800"}, {"found": 6}])
def test_an_example_that_is_not_of_the_dataset_is_named(
    twenty: dict[Path, Score], tiny_dataset: Path, tmp_path: Path, change: dict[str, str | int]
) -> None:
    score = next(score for score in twenty.values() if score.examples)
    example = replace(score.examples[0], **change)  # type: ignore[arg-type]
    changed = replace(score, examples=(example,), dataset=replace(score.dataset, views=9))
    with pytest.raises(NotComparable, match=r"score\.json has an example of the object .* score again") as refused:
        report({tmp_path / "score.json": changed}, tiny_dataset)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "change", [{"objects": (("gone", "0"),)}, {"views": (0, 6)}, {"retrieved": pack(np.full(2, 7.0))}]
)
def test_a_retrieval_that_is_not_of_the_dataset_is_named(
    twenty: dict[Path, Score], tiny_dataset: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    score = next(score for score in twenty.values() if score.retrievals is not None)
    stored = Retrievals(score.retrievals.objects[:1], (0, 1), pack(np.full(2, 2.0)), pack(np.full(2, 2.0)))  # type: ignore[union-attr]
    changed = replace(score, retrievals=replace(stored, **change), dataset=replace(score.dataset, views=9))
    with pytest.raises(NotComparable, match=r"score\.json has an example of the object .* score again"):
        report({tmp_path / "score.json": changed}, tiny_dataset)


def test_orbits_beside_a_score_are_drawn_with_their_intervals_and_worst(page: str, twenty: dict[Path, Score]) -> None:
    [(title, sweep)] = held(page)["orbits"].items()
    assert title == "rot_z, degrees, dataset 555555555555" and sweep["axis"] == "rot_z, degrees"
    lines = sweep["curves"]["place_error"]["lines"]
    path = next(path for path, score in twenty.items() if score.name == lines[0]["name"])
    saved = json.loads((path.parent / "orbits.json").read_text())
    expected = saved["parts"][lines[0]["part"]]["place_error"]
    points = np.array(lines[0]["mean"])
    for column, values in enumerate((saved["places"], expected["mean"], expected["low"], expected["high"])):
        np.testing.assert_allclose(points[:, column], values, rtol=1e-5)
    np.testing.assert_allclose(np.array(lines[0]["worst"])[:, 1], expected["worst"], rtol=1e-5)
    assert {line["name"] for line in lines} == {"method-0", "method-5", "method-10", "method-15"}


def test_orbits_of_other_weights_than_the_score_are_refused(twenty: dict[Path, Score], tmp_path: Path) -> None:
    path, score = next((path, score) for path, score in twenty.items() if score.name == "method-5")
    (tmp_path / "orbits.json").write_bytes((path.parent / "orbits.json").read_bytes())
    stale = replace(score, encoder=replace(score.encoder, weights="9" * 64))
    with pytest.raises(
        NotComparable, match=r"orbits\.json is of other weights than .*score\.json: run `iebench orbits`"
    ):
        report({tmp_path / "score.json": stale}, None)


def test_orbits_of_a_smoke_run_say_so(twenty: dict[Path, Score], tmp_path: Path) -> None:
    path, score = next((path, score) for path, score in twenty.items() if score.name == "method-5")
    table = json.loads((path.parent / "orbits.json").read_text())
    (tmp_path / "orbits.json").write_text(json.dumps({**table, "limit": 4}))
    [title] = held(report({tmp_path / "score.json": score}, None))["orbits"]
    assert title.endswith("SMOKE RUN, at most 4 objects a split")


def test_a_byte_a_value() -> None:
    low, high, text = packed(np.array([1.0, 3.0, 2.0]))
    assert (low, high) == (1, 3) and list(base64.b64decode(text)) == [0, 255, 128]
    assert list(base64.b64decode(packed(np.array([5.0, 5.0]))[2])) == [0, 0]


def test_names_cannot_break_the_page(tiny_dataset: Path) -> None:
    fingerprint = DatasetInfo.load(tiny_dataset).fingerprint
    evil = "</script><script>alert(1)</script>'\"><b>"
    page = report({Path("a/score.json"): score_of(evil, VALUES, fingerprint)}, tiny_dataset)
    assert Page(page).open == [] and "<b>" not in page and page.count("<script") == 2
    assert held(page)["methods"] == [evil] and json.loads(embedded_json({"x": evil})) == {"x": evil}


def test_what_to_know_before_trusting_a_row_stands_under_the_table() -> None:
    noted = replace(score_of("a", VALUES), notes=("a <class> has no object",))
    page = report({Path("a/score.json"): noted, Path("b/score.json"): score_of("b", VALUES)}, None)
    assert "<li>a: a &lt;class&gt; has no object</li>" in page and "Before trusting" in page
    assert "Before trusting" not in report({Path("b/score.json"): score_of("b", VALUES)}, None)


@pytest.mark.slow
def test_without_the_dataset_there_are_no_pictures(twenty: dict[Path, Score]) -> None:
    page = report(twenty, None)
    assert held(page)["objects"] is None and "data:image" not in page and Page(page).open == []


def test_scores_of_another_dataset_are_refused(tiny_dataset: Path) -> None:
    with pytest.raises(NotComparable, match=r"with fingerprint ffffffffffff, and .*: give that one with --data"):
        report({Path("a/score.json"): score_of("a", VALUES)}, tiny_dataset)


def test_their_dataset_is_found(twenty: dict[Path, Score], tiny_dataset: Path, tmp_path: Path) -> None:
    assert dataset_of(twenty, tiny_dataset.parent) == tiny_dataset
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "dataset.json").write_text("{")
    assert dataset_of(twenty, tmp_path) is None


def test_a_smoke_runs_objects_are_those_that_were_scored(tiny_dataset: Path) -> None:
    info = DatasetInfo.load(tiny_dataset)
    every = Pictures.of(tiny_dataset, info, SMALL, None).names
    assert Pictures.of(tiny_dataset, info, SMALL, 3).names == every[::2]
    smoke = replace(score_of("a", VALUES, info.fingerprint), limit=3)
    assert "A smoke run" in report({Path("a/score.json"): smoke}, tiny_dataset)


def test_descriptions_stand_with_their_meaning_in_a_section_of_their_own(page: str) -> None:
    section = page.partition('<section id="descriptions">')[2].partition("</section>")[0]
    words = " ".join(Page(section).words)
    for metric in ("share_class", "effective_rank", "uniformity"):
        assert METRICS[metric].title in words and METRICS[metric].about in words
    assert METRICS["top1"].title not in words
    ranked = {metric for metric, info in held(page)["metrics"].items() if info["ranked"]}
    assert "top1" in ranked and "effective_rank" not in ranked


def test_without_descriptions_there_is_no_such_section() -> None:
    page = report({Path("a"): score_of("a", VALUES)}, None)
    assert '<section id="descriptions" hidden>' in page and '<a href="#descriptions" hidden>' in page
