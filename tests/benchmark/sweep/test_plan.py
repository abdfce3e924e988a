"""The plan of a sweep, and the state of each of its runs."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from scoring import measured, score_of

from iebench.baselines.method import find, names
from iebench.benchmark import protocol
from iebench.benchmark.errors import RunError, RunExists, SettingError
from iebench.benchmark.statistics.resamples import Resamples
from iebench.benchmark.sweep.plan import Planned, State, Sweep, load, plan, states
from iebench.benchmark.sweep.run import job, remaining
from iebench.benchmark.training import runs
from iebench.benchmark.training.train import train
from iebench.manifests.common.shipped import shipped
from iebench.manifests.errors import IebenchError

TINY = ("steps=2", "batch=4", "encoder.width=0.125", "resolution=16", "method.projector=[8]", "log_every=1")
SIE = Sweep(("sie",), (0,), set=TINY)


def only_run(data: Path, out: Path, sweep: Sweep = SIE) -> Planned:
    [run] = plan(sweep, data, out, "cpu")
    return run


def score_run(run: Planned, limit: int | None = None, steps: int = 2, fingerprint: str | None = None) -> None:
    """Write a made-up score into a run's folder."""
    score = score_of("sie", {"whole": {"top1": measured(0.5)}}, fingerprint or run.config.fingerprint)
    settings = dataclasses.asdict(replace(run.config.settings, steps=steps))
    shown = protocol.load(run.protocol)
    score = replace(score, protocol=shown, protocol_id=shown.id, resamples=Resamples("d" * 64, {}, {}))
    replace(score, limit=limit, run={"settings": settings}).save(run.score)


def test_methods_times_settings_times_seeds_a_seed_at_a_time(tiny_dataset: Path) -> None:
    settings = {"wide": ("encoder.width=1.0",), "narrow": ("encoder.width=0.25",)}
    planned = plan(
        Sweep(("sie", "random"), (3, 1), settings=settings, set=("batch=8",)), tiny_dataset, Path("o"), "cpu"
    )
    assert [run.folder.name for run in planned] == [
        f"{method}-{setting}-tiny-s{seed}" for seed in (3, 1) for setting in settings for method in ("sie", "random")
    ]
    assert {run.config.settings.batch for run in planned} == {8}
    assert [run.config.settings.encoder.width for run in planned[:4]] == [1.0, 1.0, 0.25, 0.25]
    assert [run.setting for run in planned[:3]] == ["wide", "wide", "narrow"]


def test_a_run_of_plain_train_is_found_again(tiny_dataset: Path, tmp_path: Path) -> None:
    run = only_run(tiny_dataset, tmp_path)
    assert run.state() is State.NEW and run.folder == tmp_path / "sie-tiny-s0"
    train(run.folder, run.config)
    assert run.state() is State.TRAINED and run.last_step == 2
    (run.folder / runs.WEIGHTS).unlink()
    assert run.state() is State.UNFINISHED
    (run.folder / runs.WEIGHTS).touch()
    score_run(run)
    assert run.state() is State.SCORED
    with runs.held(run.folder):
        assert run.state() is State.HELD
    assert run.state() is State.SCORED


def test_a_run_that_another_process_has_just_begun_is_its_own(tiny_dataset: Path, tmp_path: Path) -> None:
    run = only_run(tiny_dataset, tmp_path)
    with runs.held(run.folder):
        assert run.state() is State.HELD
        assert remaining([run], states([run]), "cpu") == []
    run.folder.mkdir()
    (run.folder / runs.LOCK).touch()  # left by a killed training
    assert run.state() is State.NEW


def test_a_score_of_something_else_does_not_count(tiny_dataset: Path, tmp_path: Path) -> None:
    run = only_run(tiny_dataset, tmp_path)
    train(run.folder, run.config)
    score_run(run, limit=3)
    assert run.state() is State.TRAINED
    score_run(run, steps=9)
    assert run.state() is State.TRAINED
    score_run(run, fingerprint="0" * 64)
    assert run.state() is State.TRAINED
    released = only_run(tiny_dataset, tmp_path, replace(SIE, protocol="released"))
    assert released.folder == run.folder and released.score.name == "score-released.json"
    score_run(run)
    assert (run.state(), released.state()) == (State.SCORED, State.TRAINED)
    score_run(released)
    assert (run.state(), released.state()) == (State.SCORED, State.SCORED)
    released.score.replace(run.score)  # a score of another protocol in its place
    assert run.state() is State.TRAINED
    assert run.score.name == "score-converged.json"  # which does not overwrite the other score
    run.score.write_text("{")
    assert run.state() is State.TRAINED


def test_a_score_from_when_another_protocol_was_the_default_counts(tiny_dataset: Path, tmp_path: Path) -> None:
    strict = only_run(tiny_dataset, tmp_path, replace(SIE, protocol="strict"))
    train(strict.folder, strict.config)
    assert strict.score.name == "score-strict.json"
    score_run(strict)
    strict.score.rename(strict.folder / "score.json")
    assert strict.score.name == "score.json" and strict.state() is State.SCORED


def test_a_longer_run_is_not_taken_for_a_shorter_one(tiny_dataset: Path, tmp_path: Path) -> None:
    longer = only_run(tiny_dataset, tmp_path, replace(SIE, set=(*TINY, "steps=3")))
    train(longer.folder, longer.config)
    run = only_run(tiny_dataset, tmp_path)
    with pytest.raises(RunExists, match="has done 3 steps already and steps=2 is fewer"):
        train(run.folder, run.config, resume=True)
    with pytest.raises(RunExists, match=r"settings \(steps: 3 there, 2 here\)"):
        run.state()
    assert longer.state() is State.TRAINED


def test_other_runs_in_its_place_are_named_all_together(tiny_dataset: Path, tmp_path: Path) -> None:
    planned = plan(Sweep(("sie",), (0, 1, 2), set=TINY), tiny_dataset, tmp_path, "cpu")
    longer = only_run(tiny_dataset, tmp_path, Sweep(("sie",), (0,), set=(*TINY, "steps=3")))
    longer.folder.mkdir()
    longer.config.save(longer.folder)
    planned[1].folder.mkdir()
    (planned[1].folder / "thesis.tex").touch()
    with pytest.raises(RunExists, match=r"settings \(steps: 3 there, 2 here\)"):
        planned[0].state()
    with pytest.raises(RunError, match=r"(?s)sie-tiny-s0 holds a run.*sie-tiny-s1 is not empty and holds no run"):
        states(planned)


@pytest.mark.parametrize("name", shipped("sweep"))
@pytest.mark.slow
def test_shipped_sweeps_give_their_methods_one_budget_in_each_setting(
    name: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    sweep = load(name)
    planned = plan(replace(sweep, seeds=sweep.seeds[:1]), tiny_dataset, tmp_path, "cpu")
    assert len(sweep.seeds) >= 2 and "sie" in sweep.methods
    assert sweep.settings or (len(sweep.methods) >= 7 and "random" in sweep.methods)
    for setting in sweep.settings or [""]:
        runs = [run for run in planned if run.setting == setting]
        budgets = {
            (s.batch, s.steps, s.epochs, s.learning_rate, s.encoder) for s in (run.config.settings for run in runs)
        }
        assert len(runs) == len(sweep.methods) and len(budgets) == 1
        assert len({(run.preset, run.assignments) for run in runs}) == 1


def test_the_sweep_of_every_method_has_each_in_itself_or_as_variants() -> None:
    rows = {find(name).base for name in load("every").methods}
    assert rows == {find(name).base for name in names()}


def test_two_runs_of_one_name_are_refused(tiny_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(
        'methods = ["sie", "sie-deep"]\n[settings]\ndeep-a = ["batch=9"]\na = ["batch=8"]\n'
    )
    with pytest.raises(SettingError, match="2 runs of the sweep would be called sie-deep-a-tiny-s0: rename one"):
        plan(load(str(tmp_path / "sweep.toml")), tiny_dataset, tmp_path, "cpu")


def test_a_preset_of_ones_own_lies_beside_the_file(tiny_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[train]\nsteps = 3\n")
    (tmp_path / "sweep.toml").write_text('methods = ["random"]\npreset = "mine.toml"\n[settings]\na = ["batch=9"]\n')
    run = plan(load(str(tmp_path / "sweep.toml")), tiny_dataset, tmp_path, "cpu")[0]
    assert (run.config.settings.steps, run.config.settings.batch) == (3, 9)


def test_a_setting_may_be_the_number_of_train_objects(tiny_dataset: Path, tmp_path: Path) -> None:
    sweep = Sweep(("random",), (0,), settings={"few": ("subset=2", "steps=3"), "all": ("steps=3",)})
    few, every = plan(sweep, tiny_dataset, tmp_path, "cpu")
    assert (few.config.subset, every.config.subset, few.assignments) == (2, None, ("steps=3",))
    train = job(few, State.NEW, "cpu").commands[0]
    assert train[train.index("--subset") + 1] == "2" and "--subset" not in job(every, State.NEW, "cpu").commands[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('methods = ["siee"]', "unknown method 'siee'; did you mean sie"),
        ("methods = []", "methods must name at least one"),
        ('methods = ["sie", "sie"]', "and none twice"),
        ('methods = ["sie"]\nseed = [1]', "unknown setting 'seed'; did you mean seeds"),
        ('methods = ["sie"]\nseeds = [-1]', "seeds must not be negative: -1"),
        (f'methods = ["sie"]\nseeds = [0, {2**63}]', f"seeds must be at most {2**63 - 1}: {2**63}"),
        ('methods = ["sie"]\n[settings]\n"../up" = []', r"setting \.\./up is not a folder's name"),
        ('methods = ["sie"]\nset = ["learning_rate=nan"]', "learning_rate: nan is not a finite number"),
        ('methods = ["sie"]\nprotocol = "strikt"', "unknown protocol 'strikt'"),
        ('methods = ["sie"]\npreset = "quik"', "unknown preset 'quik'; did you mean quick"),
        ('methods = ["sie"]\npreset = "runs/a/config.json"', "is one run's settings"),
        ('methods = ["sie"]\nset = ["bach=3"]', "unknown setting 'bach'; did you mean batch"),
        ('methods = ["sie"]\n[settings]\nwide = "batch=3"', "is not tuple"),
        ("seeds = [1]", "setting 'methods' is missing"),
        ('methods = ["sie"]\nset = ["subset=half"]', "subset=half: give the number of objects to train on"),
        ('methods = ["sie"]\nset = ["subset=1"]', "subset=1: give the number of objects to train on, at least 2"),
    ],
)
def test_mistakes_are_one_sentence(text: str, message: str, tiny_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(IebenchError, match=message):
        plan(load(str(tmp_path / "bad.toml")), tiny_dataset, tmp_path, "cpu")


def test_a_name_that_is_none() -> None:
    with pytest.raises(IebenchError, match="unknown sweep 'resuls'; did you mean results"):
        load("resuls")
    with pytest.raises(IebenchError, match=r"no such file: gone\.toml"):
        load("gone.toml")
