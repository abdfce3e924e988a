"""Options that verbs share: their table, progress that is silenced, values that a shell completes, results as JSON."""

import json
import os
import shutil
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from iebench.manifests.common.progress import QUIET, Meter, say
from iebench.manifests.shell.answers import Forecast, answers, print_json
from iebench.manifests.shell.cli import iebench, main
from iebench.manifests.shell.verbs import VERBS

WRITERS = {
    "render",
    "import",
    "export",
    "inspect",
    "card",
    "symmetry",
    "train",
    "runs",
    "sweep",
    "convert",
    "score",
    "orbits",
    "compare",
    "report",
    "push",
    "pull",
    "demo",
}
"""Verbs that write several files, or work for minutes and write; each has --dry-run."""
ANSWER = {"verify", "methods", "validate", "leaderboard", "doctor", "view"}
"""Verbs that print an answer, and write at most the one file that --out names."""
SCRIPT = {"completion"}
"""Verbs whose output is a script, the same for every reader."""


def command(verb: str) -> click.Command:
    verb_command = iebench.get_command(click.Context(iebench), verb)
    assert verb_command is not None
    return verb_command


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def options(verb: str) -> set[str]:
    return {name for option in command(verb).params for name in option.opts}


def test_every_verb_is_of_one_kind_which_gives_its_shared_options() -> None:
    assert sorted([*WRITERS, *ANSWER, *SCRIPT]) == sorted(VERBS)
    for verb in VERBS:
        shared = {"--quiet", "--json", "--dry-run"} & options(verb)
        expected = {"--quiet", "--json", "--dry-run"} if verb in WRITERS else {"--quiet", "--json"}
        assert shared == (set() if verb in SCRIPT else expected), verb


def test_an_option_has_one_form_in_all_verbs() -> None:
    """A name means the same everywhere: it takes a value or not, and the value is called the same."""
    forms: dict[str, dict[object, list[str]]] = {}
    for verb in VERBS:
        for option in command(verb).params:
            if isinstance(option, click.Option):
                takes = option.metavar if not option.is_flag and type(option.type) in NUMBERS else option.is_flag
                forms.setdefault(option.opts[0], {}).setdefault(takes, []).append(verb)
    several = {name: form for name, form in forms.items() if len(form) > 1}
    assert several.keys() == ANOTHER_FORM.keys(), several
    unnamed = [name for name, form in forms.items() if None in form]
    assert not unnamed, f"a number without a name, as N: {unnamed}"


def test_one_idea_has_one_name() -> None:
    """Help texts that say the same belong to options of the same name."""
    names: dict[str, set[str]] = {}
    for verb in VERBS:
        for option in command(verb).params:
            if isinstance(option, click.Option) and option.help:
                names.setdefault(option.help.lower().rstrip("."), set()).add(option.opts[0])
    assert [ideas for ideas in names.values() if len(ideas) > 1] == []


def test_old_names_of_options_work_and_are_not_shown() -> None:
    for verb, old, new in (("verify", "--jobs", "--workers"), ("convert", "--images", "--trained-on")):
        verb_command = command(verb)
        assert old in options(verb)
        with click.Context(verb_command) as context:
            text = verb_command.get_help(context)
        assert new in text and f"{new}, {old}" not in text and f"{old} " not in text.partition("Options")[2]


COMPLETED = {
    "method": "sie", "names": "sie", "preset": "fair", "recipe": "mini", "protocol": "strict", "sweep": "mini",
    "data": "data/mine", "dataset": "data/mine", "ask": "data/mine", "run": "runs/mine", "first": "runs/mine",
    "second": "runs/mine", "compare": "runs/mine", "classes": "mug", "passes": "mask", "name": "3diebench",
    "prune": "features", "quality": "draft", "engine": "local",
}  # fmt: skip
NUMBERS = (click.IntRange, click.FloatRange, type(click.INT))
ANOTHER_FORM = {
    "--rerender": "the number of samples for verify, the one sample for view",
}
"""Options that take a value in one verb and none in another, or one of another name, with the reason."""
ELSEWHERE = {("convert", "name"), ("train", "name")}  # a name of the user's own


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with something that looks like a dataset, and something like a run."""
    for name in ("data/mine/dataset.json", "runs/mine/config.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("workspace")
def test_names_and_folders_are_completed_wherever_they_are_asked_for() -> None:
    tried = set()
    for verb in VERBS:
        for parameter in command(verb).params:
            name = max(parameter.opts, key=len).lstrip("-")
            if name not in COMPLETED or (verb, name) in ELSEWHERE:
                continue
            value, tried = COMPLETED[name], tried | {name}
            with click.Context(command(verb)) as context:
                offered = [item.value for item in parameter.shell_complete(context, value[:-1])]
            assert value in offered, f"{verb} {name}: {offered}"
    assert tried == set(COMPLETED)


def test_the_last_of_several_names_is_completed() -> None:
    shell = ShellComplete(iebench, {}, "iebench", "_IEBENCH_COMPLETE")
    offered = shell.get_completions(["render", "--passes"], "mask,de")
    assert [item.value for item in offered] == ["mask,depth"]


def test_quiet_silences_progress_and_remarks_but_no_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    @answers()
    def work() -> None:
        with Meter("working", 2, "things") as meter:
            meter.advance(2)
        say("a remark")
        say("iebench: a warning")
        click.echo("result")

    before = os.environ.get(QUIET)
    work.main(["--quiet"], standalone_mode=False)
    assert capsys.readouterr() == ("result\n", "iebench: a warning\n") and os.environ.get(QUIET) == before
    work.main([], standalone_mode=False)
    assert "a remark" in capsys.readouterr().err


def test_a_forecast_names_what_the_disk_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forecast = Forecast(["a"], ["b"], "3 images", tmp_path / "new" / "x", seconds=90, memory=2 * 10**9, disk=10**18)
    forecast.show()
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["reads", "writes", "work", "time", "memory", "disk"]
    assert "about 1 min 30 s" in out and "2.0 GB" in out and "less than that: free some" in err
    forecast.show(as_json=True)
    table = json.loads(capsys.readouterr().out)
    assert (table["dry_run"], table["seconds"], table["disk"]) == (True, 90, 10**18) and table["free"] > 0


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": float("nan"), "b": [Path("c"), float("inf"), 1.5]})
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {"a": None, "b": ["c", None, 1.5]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("verify", "DATA", "--workers", 1), "checks"),
        (("card", "DATA"), "written"),
        (("render", "--classes", 2, "--dry-run"), "seconds"),
        (("train", "--data", "DATA", "--set", "steps=7", "--set", "batch=4", "--device", "cpu", "--dry-run"), "memory"),
        (("score", "--features", "mine.parquet", "--data", "DATA", "--dry-run"), "memory"),
        (("compare", "mine.parquet", "mine.parquet", "--data", "DATA", "--dry-run"), "disk"),
        (("export", "sie-folder", "DATA", "exported", "--dry-run"), "disk"),
        (("inspect", "DATA", "--dry-run"), "writes"),
        (("card", "DATA", "--dry-run"), "writes"),
        (("symmetry", "DATA", "--workers", 1, "--dry-run"), "seconds"),
    ],
)
def test_a_result_is_json_and_nothing_else_on_standard_output(
    tiny_dataset: Path, workspace: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], key: str
) -> None:
    data = workspace / "tiny"
    if "DATA" in arguments:
        shutil.copytree(tiny_dataset, data)
    if "mine.parquet" in arguments:
        _features(data, workspace / "mine.parquet")
    before = _times(workspace)
    assert run(*(data if word == "DATA" else word for word in arguments), "--json", "--quiet") == 0
    table = json.loads(capsys.readouterr().out)
    assert table[key]
    if "--dry-run" in arguments:
        assert _times(workspace) == before


def _times(folder: Path) -> dict[Path, int]:
    """Return the time of the last change of everything in a folder."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def _features(data: Path, path: Path) -> None:
    """Write features of a dataset, as somebody else would compute them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys = [key for table in sorted(data.glob("*/*.parquet")) for key in pq.read_table(table)["key"].to_pylist()]
    features = np.random.default_rng(0).normal(size=(len(keys), 4)).astype(np.float32)
    pq.write_table(pa.table({"key": keys, "features": list(features)}), path)


@pytest.mark.slow
def test_a_forecast_of_a_training_counts_steps_views_and_bytes(
    tiny_dataset: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ("--set", "steps=10", "--set", "batch=6", "--set", "encoder.width=0.125", "--set", "resolution=16")
    forecasts = []
    for batch in (6, 12):
        call = (
            "train",
            "--method",
            "vicreg",
            "--data",
            tiny_dataset,
            *sizes,
            "--set",
            f"batch={batch}",
            "--device",
            "cpu",
        )
        assert run(*call, "--dry-run", "--json") == 0
        forecasts.append(json.loads(capsys.readouterr().out))
    first, second = forecasts
    assert "10 steps of 6 objects x 2 views at 16 pixels, 2.5 epochs" in first["work"]
    assert first["disk"] == second["disk"] > 0 and second["memory"] > first["memory"] and first["seconds"] > 0
    assert not (workspace / "runs" / "vicreg-tiny-s0").exists()
