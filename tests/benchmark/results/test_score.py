"""score.json is read back as it was written, or refused with the reason."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from paths import ROOT
from scoring import measured, score_of

from iebench.benchmark.errors import ScoreFileError
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.results.faults import faults_of
from iebench.benchmark.results.reading import load_score, load_scores
from iebench.benchmark.results.schema import schema
from iebench.benchmark.results.score import DataFacts, Score
from iebench.benchmark.statistics.bootstrap import Estimate
from iebench.benchmark.statistics.resamples import digest_of, pack, unpack

EXAMPLE = {"synset": "0", "object_id": "0", "source": 0, "target": 1, "found": 1, "rank": 1}
POSE = np.array([0.0, 0.6, 0.0, 0.8])
SHOWN = {
    "synset": "a", "object_id": "b", "view": 3,
    "poses": pack(np.tile(POSE, 2)), "shares": pack(np.array([0.7, 0.2])), "alike": pack(POSE),
}  # fmt: skip
ANSWERS = {
    "classes": ["one", "two"], "true": pack(np.zeros(6)), "predicted": pack(np.arange(96.0) % 2),
    "degrees": pack(np.arange(96.0)),
}  # fmt: skip
VALUES = {"whole": {"top1": measured(0.5), "mrr": measured(0.25)}, "invariant": {"top1": measured(0.4)}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    score_of("sie", VALUES).save(tmp_path / "runs" / "sie" / "score.json")
    return tmp_path / "runs" / "sie" / "score.json"


def test_it_comes_back_as_it_was(path: Path) -> None:
    assert load_score(path) == score_of("sie", VALUES)


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))


OWN = {"title": "mine", "about": "higher is worse", "higher": False}


def top1(table: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = table["values"]["whole"]["top1"]
    return entry


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.pop("format"), "is not a score"),
    (lambda t: t.pop("run"), "is not a score"),
    (lambda t: t.update(format=9), "format 9, and this iebench reads 2: update iebench"),
    (lambda t: t.update(format="2"), "format '2', and this iebench reads 2: score again"),
    (lambda t: t.update(run="abc"), "run must be an object, not 'abc'"),
    (lambda t: t["run"].update(settings=None), "run.settings must be an object, not None"),
    (lambda t: t["run"].update(method_settings=[1]), r"run.method_settings must be an object, not \[1\]"),
    (lambda t: t["run"].update(seed="x"), "run.seed must be a whole number from 0, not 'x'"),
    (lambda t: t["run"].update(lr=float("inf")), "run.lr is inf, not finite"),
    (lambda t: t["run"].update(deep=json.loads("[" * 99 + "]" * 99)), "is nested more than 50 deep"),
    (lambda t: t["seconds"].update(encoding=float("inf")), "seconds.encoding is inf, not finite"),
    (lambda t: t["seconds"].update(encoding=-1), "seconds.encoding is -1.0, less than 0"),
    (lambda t: t["cost"].update(images_per_s=float("nan")), "cost.images_per_s is nan, not finite"),
    (lambda t: top1(t).update(n=2**63), "top1.n is a number of 19 digits, too large"),
    (lambda t: top1(t).update(n=10**400), "top1.n is a number of 401 digits, too large"),
    (lambda t: top1(t).update(value=10**400), "a number of 401 digits is too large"),
    (lambda t: top1(t).update(n=0), "rests on 0 samples of 6 objects"),
    (lambda t: top1(t).update(n=5), "rests on 5 samples of 6 objects"),
    (lambda t: t.update(limit=4), "dataset.train_objects is 24, and limit is 4"),
    (lambda t: top1(t).update(objects=0), "rests on 96 samples of 0 objects"),
    (lambda t: top1(t).update(value=0.99), "value 0.99, far outside its interval"),
    (lambda t: top1(t).update(value=0.55), "value 0.55, and its objects' mean is 0.5"),
    (lambda t: top1(t).update(value=1.2), "has the value 1.2, and can only have 0 to 1"),
    (lambda t: top1(t).update(floor=-0.1), "has the floor -0.1, and can only have 0 to 1"),
    (lambda t: top1(t).update(ceiling=1.1), "has the ceiling 1.1, and can only have 0 to 1"),
    (lambda t: top1(t).update(spread=-5.0), "has the spread -5.0, less than 0"),
    (lambda t: t["dataset"].update(views=0), "dataset.views is 0, less than 1"),
    (lambda t: t["dataset"].update(views=1001), "dataset.views is 1001, and an object has at most 1000"),
    (lambda t: t["dataset"].update(val_objects=-3), "dataset.val_objects is -3, less than 1"),
    (lambda t: t["encoder"].update(dim=-1), "encoder.dim is -1, less than 1"),
    (lambda t: t["encoder"]["parts"].update(invariant=[0, 99]), "parts.invariant has the columns 0 to 99 of 64"),
    (lambda t: t["encoder"].update(parts={}), "values of invariant, and its encoder has no such part"),
    (lambda t: t.update(seed=-1), "seed is -1, less than 0"),
    (lambda t: t.update(name=" "), "name is empty"),
    (lambda t: t["pairs"].pop("val"), r"pairs has the splits \['train'\], not"),
    (lambda t: t.update(examples=[{**EXAMPLE, "found": 16}]), "found is 16, and an object has the views 0 to 15"),
    (lambda t: t.update(examples=[{**EXAMPLE, "rank": 16}]), "rank is 16, and the target is one of 15 views"),
    (lambda t: t.update(distributions=[{**SHOWN, "view": 16}]), "view is 16, and an object has the views 0 to 15"),
    (lambda t: t.update(distributions=[{**SHOWN, "input": "picture"}]), r"distributions\[0\].*input.*'picture'"),
    (lambda t: t.update(distributions=[{**SHOWN, "poses": "?"}]), r"distributions\[0\] has a list that cannot be read"),
    (lambda t: t.update(distributions=[{**SHOWN, "shares": pack(np.ones(3))}]), "has 8 and 4 numbers of quaternions"),
    (lambda t: t.update(distributions=[{**SHOWN, "alike": pack(np.ones(4))}]), "quaternions that are not of unit"),
    (lambda t: t.update(distributions=[{**SHOWN, "shares": pack(np.ones(2))}]), "has probabilities with the sum 2"),
    (lambda t: t.update(answers={**ANSWERS, "true": pack(np.ones(5))}), "has 5 numbers in true, and there are 6"),
    (lambda t: t.update(answers={**ANSWERS, "predicted": "?"}), "answers has a list predicted that cannot be read"),
    (lambda t: t.update(answers={**ANSWERS, "classes": ["one"]}), "numbers from 0 to 1 in predicted, not from 0 to 0"),
    (lambda t: t.update(answers={**ANSWERS, "degrees": pack(np.full(96, 181.0))}), "181 in degrees, not from 0 to 180"),
    (lambda t: t.pop("pairs"), "setting 'pairs' is missing"),
    (lambda t: t.update(extra=1), "unknown setting 'extra'"),
    (lambda t: t["values"]["whole"]["top1"].update(value="high"), "values.whole.top1: value"),
    (lambda t: t["values"]["whole"].update({"<b>": top1(t)}), "a metric must have a name of at most 60 letters"),
    (lambda t: t.update(metrics={"own": {**OWN, "digits": 99}}), "the metric 'own' has 99 digits"),
    (lambda t: t["values"].pop("whole"), "no values of the whole"),
    (lambda t: t["protocol"].update(val_pairs=99), "its protocol is not the one of its id"),
    (lambda t: t["values"]["whole"]["top1"].update(value=float("nan")), "values.whole.top1.value is nan, not finite"),
    (lambda t: t["values"]["whole"]["top1"].update(low=0.9), "whole top1 has an interval from 0.9 down to 0.55"),
    (lambda t: t["values"]["whole"]["top1"].update(low=0.46), "has the interval .0.46, .* and its boot"),
    (lambda t: t["values"]["whole"]["top1"].update(objects=7), "rests on 96 samples of 7 objects, and 6 were scored"),
    (lambda t: t["dataset"].update(fingerprint="short"), "dataset.fingerprint is not a SHA-256: 'short'"),
    (lambda t: t["resamples"]["draws"]["whole"].update(top1="AAAA"), "top1 has bootstrap samples that cannot be"),
    (lambda t: t["resamples"]["draws"]["whole"].update(top1=pack(np.linspace(0, 1, 49))), "49 bootstrap samples and"),
    (lambda t: t["values"]["whole"].pop("mrr"), "bootstrap samples of whole mrr and no value"),
    (lambda t: t["resamples"]["each"].update(top1=pack(np.zeros(5))), "5 values per object of top1, which rests on"),
    (lambda t: t["resamples"]["each"].update(top1="?"), "values per object of top1 cannot be read"),
])  # fmt: skip
def test_what_was_changed_is_named(path: Path, change: Callable[[dict[str, Any]], object], message: str) -> None:
    edit(path, change)
    with pytest.raises(ScoreFileError, match=message) as caught:
        load_score(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [
    "", "{", "[1, 2]", "null", '{"format": 2, "run": 3}', "[" * 200_000, "1" * 5_000,
])  # fmt: skip
def test_what_is_no_score_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "score.json").write_text(content)
    with pytest.raises(ScoreFileError, match=r"is not a score: .*: restore it or run") as caught:
        load_score(tmp_path / "score.json")
    assert "Error" not in str(caught.value)


@pytest.mark.parametrize(("metric", "inside", "outside"), [
    *((name, (0.0, 1.0), (-0.1, 1.1)) for name in ("knn_top1", "shot10_top1", "pose_within_15", "rotation_map_mrr")),
    *((name, (0.0, 1.0), (-0.1, 1.1)) for name in ("mrr", "h10_released", "pre", "pre_all_released")),
    ("pose_degrees_median", (0.0, 180.0), (-1.0, 181.0)),
    ("rotation_r2_mean", (-9.0, 1.0), (1.1,)),
    ("colour_map_error", (0.0, 9.0), (-0.1,)),
    ("pose_leak", (-9.0, 9.0), ()),
    ("share_class", (-0.1, 1.0), (1.1,)),
])  # fmt: skip
def test_values_lie_in_their_metrics_range(metric: str, inside: Sequence[float], outside: Sequence[float]) -> None:
    for value in (*inside, *outside):
        faults = faults_of(score_of("a", {"whole": {metric: measured(value)}}))
        assert any("has the value" in fault and "can only have" in fault for fault in faults) is (value in outside)


def test_values_that_are_no_means_may_miss_their_interval_by_its_width() -> None:
    dataset = DataFacts("tiny", "f" * 64, 24, 99, 16)
    for value, far in ((0.41, False), (0.31, True)):
        entry = replace(measured(0.5), value=value, objects=99)
        score = replace(score_of("a", {"whole": {"mig": entry}}), dataset=dataset)
        assert any("far outside" in fault for fault in faults_of(score)) is far


@pytest.mark.parametrize(("objects", "draws", "seed"), [(1, 5, 0), (7, 333, 2), (5000, 900, 3)])
@pytest.mark.slow
def test_the_digest_is_that_of_objects_drawn_one_draw_at_a_time(objects: int, draws: int, seed: int) -> None:
    generator, one_by_one = np.random.default_rng(seed), hashlib.sha256()
    for _ in range(draws):
        one_by_one.update(generator.multinomial(objects, np.full(objects, 1 / objects)).astype("<i8").tobytes())
    assert digest_of(objects, draws, seed) == one_by_one.hexdigest()
    assert digest_of(10**12, draws, seed) is None


@pytest.mark.slow
def test_a_long_text_of_few_bytes_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(2**27), 9)).decode()
    with pytest.raises(ValueError, match="too early or too late"):
        unpack(bomb)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ScoreFileError, match=r"no such file: .*nothing\.json; `iebench score` makes one"):
        load_score(tmp_path / "nothing.json")
    with pytest.raises(ScoreFileError, match="run `iebench score` first"):
        load_scores([], tmp_path)


def test_without_names_all_runs_are_taken(path: Path) -> None:
    other = path.parent.parent / "vicreg" / "score.json"
    score_of("vicreg", VALUES).save(other)
    assert list(load_scores([], path.parent.parent)) == [path, other]
    assert list(load_scores([other], path.parent.parent)) == [other]


def test_the_published_schema_is_the_one_of_the_dataclasses(path: Path) -> None:
    published = ROOT / "benchmark" / "score.schema.json"
    assert json.loads(published.read_text()) == schema(), "run: iebench validate --schema > benchmark/score.schema.json"


def test_every_entry_of_the_schema_is_described() -> None:
    whole = schema()
    for name, part in {"score.json": whole, **whole["$defs"]}.items():
        assert [entry for entry, about in part["properties"].items() if not about.get("description")] == [], name


@pytest.mark.parametrize("change", [
    lambda t: None,
    lambda t: t.pop("format"),
    lambda t: t.pop("run"),
    lambda t: t.update(extra=1),
    lambda t: t["values"]["whole"]["top1"].update(value="high"),
    lambda t: t["values"]["whole"]["top1"].pop("n"),
    lambda t: t["dataset"].update(views=1.5),
    lambda t: t["encoder"].update(parts={"invariant": [0, 4, 8]}),
    lambda t: t["protocol"].update(hidden="1024"),
])  # fmt: skip
def test_the_schema_and_the_reader_agree(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    Draft202012Validator.check_schema(schema())
    table = json.loads(path.read_text())
    change(table)
    good = table == json.loads(path.read_text())
    assert Draft202012Validator(schema()).is_valid(table) is good
    path.write_text(json.dumps(table))
    if good:
        load_score(path)
    else:
        with pytest.raises(ScoreFileError):
            load_score(path)


def perfect(low: float) -> Score:
    """Score that is right on every object, with an interval that starts at `low`."""
    flat = score_of("perfect", {"whole": {"top1": Estimate(1.0, 1.0, 1.0, 0.1, 96, 6)}})
    return replace(flat, values={"whole": {"top1": replace(flat.values["whole"]["top1"], low=low)}})


def test_all_right_on_few_objects_has_the_exact_interval_or_that_of_older_scores() -> None:
    exact = 0.025 ** (1 / 6)
    flat = perfect(1.0)  # all bootstrap samples and objects are 1
    assert not faults_of(flat)
    wide = replace(flat, values=perfect(exact).values)
    assert not faults_of(wide)
    (fault,) = faults_of(replace(flat, values=perfect(0.7).values))
    assert "has the interval [0.7, 1.0] and its bootstrap samples have [0.54" in fault


def test_a_board_shows_the_exact_interval_of_old_and_new_scores_of_one_seed_and_of_several() -> None:
    flat = perfect(1.0)
    other = replace(flat, name="other", values=perfect(0.025 ** (1 / 6)).values)
    board = Board.of({Path("a"): flat, Path("b"): other}, parts=False)
    seeds = [replace(flat, run={"method": "sie", "seed": seed}) for seed in (0, 1)]
    together = Board.of({Path(str(i)): score for i, score in enumerate(seeds)}, parts=False)
    assert together.rows[0].seeds == 2
    for row in (*board.rows, *together.rows):
        estimate = row.cells["top1"].estimate
        assert (estimate.value, estimate.low, estimate.high) == (1.0, pytest.approx(0.025 ** (1 / 6)), 1.0)
