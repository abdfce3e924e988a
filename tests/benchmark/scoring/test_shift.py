"""Scoring under a shift: the probes' own dataset changes nothing, others leave out what they cannot have."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner
from plans import plan_of
from scoring import SMALL, from_run, random_split, untrained_run

from iebench.benchmark.commands.leaderboard import leaderboard as command
from iebench.benchmark.commands.score import score as score_command
from iebench.benchmark.data.split_overlap import leaked
from iebench.benchmark.distributed.ranks import ALONE
from iebench.benchmark.errors import NotComparable
from iebench.benchmark.protocol import Neighbours
from iebench.benchmark.python.boards import leaderboard
from iebench.benchmark.ranking.seeds import SeedGroup
from iebench.benchmark.ranking.shifts import change
from iebench.benchmark.results.faults import faults_of
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.results.score import Score
from iebench.benchmark.scoring.score import encode_splits, score
from iebench.benchmark.scoring.shift import limits, same_rotations
from iebench.benchmark.statistics.resamples import pack, unpack
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
BRIEF = replace(
    SMALL, few_shot=None, kernel=None, linear=None, maps=None, val_pairs=2, draws=40,
    neighbours=Neighbours(views=4, k=7, temperature=0.1),
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained_run(tmp_path_factory.mktemp("runs") / "sie", tiny_dataset)


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same objects as `tiny_dataset` in other poses."""
    folder = tmp_path_factory.mktemp("data") / "turned"
    render_dataset(plan_of(seed=5), folder, workers=1, backend=FAKE)
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some classes that `tiny_dataset` does not have, and factors that it does not have."""
    folder = tmp_path_factory.mktemp("data") / "other"
    plan = plan_of(classes="9", per_class=5, recipe="3diebench-t")
    render_dataset(plan, folder, workers=1, backend=FAKE)
    return folder


def scored(run: Path, data: Path, ask: Path | None) -> Score:
    return score(from_run(run, None, CPU), data, run / "features", CPU, BRIEF, ask=ask)


@pytest.fixture(scope="module")
def shifted(run: Path, tiny_dataset: Path, turned: Path) -> Score:
    return scored(run, tiny_dataset, turned)


def test_the_own_dataset_gives_the_ordinary_score_and_no_change(run: Path, tiny_dataset: Path) -> None:
    plain, same = scored(run, tiny_dataset, None), scored(run, tiny_dataset, tiny_dataset)
    assert (same.values, same.resamples, same.dataset) == (plain.values, plain.resamples, plain.dataset)
    assert same.shift is not None and same.shift.paired and same.shift.values == plain.values
    group = SeedGroup("sie", {Path("a"): same})
    for part, measured in same.values.items():
        for metric in measured:
            moved = change(group, part, metric)
            assert moved is not None and (moved.value, moved.low, moved.high) in ((0, 0, 0), (0, None, None))


def test_values_floor_and_interval_of_the_change_are_those_of_a_slow_computation(
    shifted: Score, run: Path, tiny_dataset: Path, turned: Path
) -> None:
    encoder = from_run(run, None, CPU)
    train, own, target = (
        each.split
        for each in encode_splits(encoder, tiny_dataset, run / "features", CPU, BRIEF, 0, None, ALONE, turned)
    )
    mean, scale = train.features.mean(0, dtype=np.float64), train.features.std(0, dtype=np.float64)
    scale[scale == 0] = np.inf  # constant columns carry nothing

    def unit(features: np.ndarray) -> np.ndarray:
        z = (features - mean) / scale if BRIEF.features == "standardised" else features.astype(np.float64)
        return z / np.linalg.norm(z, axis=1, keepdims=True)

    rows = np.flatnonzero(np.arange(len(train.labels)) % train.views < 4)
    gallery, labels = unit(train.features[rows]), train.labels[rows]

    def by_object(split) -> np.ndarray:  # type: ignore[no-untyped-def]
        hits = []
        for query, label in zip(unit(split.features), split.labels, strict=True):
            cosines = gallery @ query
            votes = np.zeros(labels.max() + 1)
            for i in np.argsort(-cosines)[:7]:
                votes[labels[i]] += np.exp((cosines[i] - 1) / 0.1)
            hits.append(votes.argmax() == label)
        return np.reshape(hits, (split.objects, split.views)).mean(1)

    before, after = by_object(own), by_object(target)
    counts = np.random.default_rng(BRIEF.pair_seed).multinomial(
        len(after), np.full(len(after), 1 / len(after)), size=40
    )
    draws = np.array([np.average(after, weights=c) - np.average(before, weights=c) for c in counts])
    moved = change(SeedGroup("sie", {Path("a"): shifted}), "whole", "knn_top1")
    assert shifted.values["whole"]["knn_top1"].value == pytest.approx(after.mean())
    assert moved is not None and moved.value == pytest.approx(after.mean() - before.mean())
    assert (moved.low, moved.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=1e-3)
    usual = np.bincount(labels).argmax()
    assert shifted.values["whole"]["knn_top1"].floor == pytest.approx((target.labels == usual).mean())


def test_both_datasets_are_recorded_and_the_file_is_valid(
    shifted: Score, tiny_dataset: Path, turned: Path, tmp_path: Path
) -> None:
    shifted.save(tmp_path / "ask.json")
    kept = load_score(tmp_path / "ask.json")
    assert kept == shifted and faults_of(kept) == [] and kept.shift is not None
    assert (kept.shift.dataset.name, kept.dataset.name) == (tiny_dataset.name, turned.name)
    assert kept.shift.dataset.fingerprint != kept.dataset.fingerprint and kept.shift.paired
    wrong = {**kept.shift.values["whole"], "knn_top1": replace(kept.shift.values["whole"]["knn_top1"], value=2.0)}
    edited = replace(kept, shift=replace(kept.shift, values={**kept.shift.values, "whole": wrong}))
    assert any("shift: whole knn_top1 has the value 2.0" in fault for fault in faults_of(edited))


def test_an_ordinary_file_has_no_word_of_it(run: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    plain = scored(run, tiny_dataset, None)
    plain.save(tmp_path / "score.json")
    assert '"shift"' not in (tmp_path / "score.json").read_text()


def test_classes_and_factors_that_one_of_them_lacks_are_left_out_with_a_note(
    run: Path, tiny_dataset: Path, other: Path, tmp_path: Path
) -> None:
    forth = scored(run, tiny_dataset, other)
    for part in forth.values.values():
        assert not [m for m in part if "top1" in m or "class" in m or m == "mig"] and "rotation_degrees_mean" in part
    assert [note for note in forth.notes if "class is not measured" in note and "of the 9 classes of other" in note]
    assert forth.shift is not None and not forth.shift.paired
    assert forth.shift.values.keys() == forth.values.keys() and "top1" not in forth.shift.values["whole"]
    render_dataset(plan_of(recipe="3diebench-t"), tmp_path / "moved", workers=1, backend=FAKE)
    back = scored(run, tmp_path / "moved", tiny_dataset)
    assert "top1" in back.values["whole"] and not [m for m in back.values["whole"] if "translation" in m]
    assert [note for note in back.notes if "are not measured, since tiny does not have them" in note]
    assert faults_of(forth) == faults_of(back) == []


def test_samples_of_other_objects_are_independent(run: Path, tiny_dataset: Path, other: Path) -> None:
    forth = scored(run, tiny_dataset, other)
    assert forth.shift is not None
    metric = "rotation_degrees_mean"
    after, before = forth.resamples.drawn("whole", metric), unpack(forth.shift.draws["whole"][metric])
    assert after is not None
    moved = change(SeedGroup("sie", {Path("a"): forth}), "whole", metric)
    assert moved is not None
    independent = [a - before[k - 1] for k, a in enumerate(after)]
    assert (moved.low, moved.high) == pytest.approx(np.quantile(independent, [0.025, 0.975]))


def test_over_seeds_the_change_is_a_mean_with_seeds_in_its_interval(shifted: Score) -> None:
    assert shifted.shift is not None
    metric, runs = "knn_top1", []
    for seed in range(3):  # seeds whose own values differ
        own = {m: replace(e, value=e.value - 0.1 * seed) for m, e in shifted.shift.values["whole"].items()}
        draws = {metric: pack(unpack(shifted.shift.draws["whole"][metric]) - 0.1 * seed)}
        runs.append(replace(shifted, shift=replace(shifted.shift, values={"whole": own}, draws={"whole": draws})))
    moved = change(SeedGroup("sie", {Path(str(i)): run for i, run in enumerate(runs)}), "whole", metric)
    single = change(SeedGroup("sie", {Path("a"): runs[0]}), "whole", metric)
    assert moved is not None and single is not None and moved.value == pytest.approx(single.value + 0.1)
    chosen = np.random.default_rng(3).integers(0, 3, (3, BRIEF.draws))
    taken = shifted.resamples.drawn("whole", metric)
    assert taken is not None
    own_draws = [unpack(run.shift.draws["whole"][metric]) for run in runs if run.shift]
    means = [np.mean([taken[k] - own_draws[s][k] for s in chosen[:, k]]) for k in range(BRIEF.draws)]
    assert (moved.low, moved.high) == pytest.approx(np.quantile(means, [0.025, 0.975]))


def test_the_command_writes_a_file_of_its_own_and_refuses_features(
    run: Path, tiny_dataset: Path, turned: Path, tmp_path: Path
) -> None:
    (tmp_path / "brief.toml").write_text('extends = "strict"\nname = "brief"\nval_pairs = 1\n')
    arguments = [
        "--run",
        str(run),
        "--data",
        str(tiny_dataset),
        "--ask",
        str(turned),
        "--limit",
        "6",
        "--device",
        "cpu",
    ]
    result = CliRunner().invoke(score_command, [*arguments, "--protocol", str(tmp_path / "brief.toml")])
    assert result.exit_code == 0, result.output
    assert load_score(run / "ask-turned.json").shift is not None and not (run / "score.json").exists()
    refused = CliRunner().invoke(score_command, ["--features", "x.parquet", "--ask", str(turned)])
    assert refused.exit_code == 2 and "--ask needs an encoder" in refused.output


def test_objects_that_the_probes_were_trained_on_are_not_asked(tiny_dataset: Path, tmp_path: Path) -> None:
    table = pq.read_table(tiny_dataset / "objects.parquet")
    swapped = pc.if_else(pc.equal(table["split"], "train"), "val", "train")
    column = table.schema.get_field_index("split")
    pq.write_table(
        table.set_column(column, table.schema.field("split"), swapped.cast(table.schema.field("split").type)),
        tmp_path / "objects.parquet",
    )
    train = {(r["synset"], r["object_id"]) for r in table.to_pylist() if r["split"] == "train"}
    assert leaked(tmp_path, tiny_dataset) == train
    assert leaked(tiny_dataset) == set() and leaked(tiny_dataset, tiny_dataset) == set()


@pytest.mark.parametrize(("outside", "expected"), [((True, True, True), True), ((False, False, True), False)])
def test_training_rotations_under_other_angles_are_recognised(outside: tuple[bool, ...], expected: bool) -> None:
    """All three angles beyond a quarter turn, as in 3DIEBench-OOD, are not new rotations; one of them alone is."""
    train, val = random_split(40, 4, seed=1), random_split(40, 4, seed=2)
    angles = {name: values + np.pi * far for (name, values), far in zip(val.latents.items(), outside, strict=False)}
    moved = replace(
        val, latents={**val.latents, **{name: (v + np.pi) % (2 * np.pi) - np.pi for name, v in angles.items()}}
    )
    assert same_rotations(train, moved) is expected
    assert not same_rotations(train, val)
    assert any("not out of distribution in rotation" in note for note in limits(train, moved, "B")) is expected


def test_a_leaderboard_keeps_them_apart(shifted: Score, run: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    files = tmp_path / "score.json", tmp_path / "ask.json"
    plain = scored(run, tiny_dataset, None)
    plain.save(files[0])
    shifted.save(files[1])
    with pytest.raises(NotComparable, match="dataset"):
        leaderboard(files)
    text = CliRunner().invoke(command, [*map(str, files)]).output
    ordinary, _, rest = text.partition("dataset tiny")
    assert "Δ" not in ordinary and "→" not in ordinary and "Δ" in rest
    assert "sie (tiny → turned)" in rest and "SHIFT: probes trained on tiny, measured on turned" in rest
    own = replace(plain, dataset=shifted.dataset)  # an ordinary score of the asked dataset
    with pytest.raises(NotComparable, match="probes' dataset"):
        leaderboard([own, shifted])
    csv = leaderboard([files[1]]).to_csv()
    assert "knn_top1_change,knn_top1_change_low,knn_top1_change_high" in csv
