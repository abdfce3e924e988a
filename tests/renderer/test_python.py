"""`from iebench.renderer import ...`: the same datasets as `iebench render`, with the fake renderer."""

import dataclasses
import hashlib
import inspect
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import iebench.renderer
from iebench.benchmark import open_dataset
from iebench.manifests.errors import SettingError, UnknownName, UsageError
from iebench.manifests.shell.cli import main
from iebench.renderer import RenderRequest, render
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.commands.render import render as command
from iebench.renderer.errors import SourceError
from iebench.renderer.rendering import planning

SMALL = {"classes": ["mug", "car"], "objects_per_class": 2, "views": 3, "resolution": 32, "workers": 1}


@pytest.fixture(autouse=True)
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Render with the fake renderer, in an empty working folder."""
    monkeypatch.setattr(planning, "BLENDER", FAKE)
    monkeypatch.chdir(tmp_path)


def words(options: Mapping[str, Any]) -> list[str]:
    """Return keywords of `render` as the words of a command."""
    return [
        word
        for name, value in options.items()
        for word in (f"--{name.replace('_', '-')}", ",".join(value) if isinstance(value, list) else str(value))
    ]


def run(options: Mapping[str, Any]) -> int:
    """Run `iebench render` with options and return its exit code."""
    with pytest.raises(SystemExit) as stop:
        main(["render", *words(options)])
    return int(stop.value.code or 0)


def files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_a_dataset_from_python_is_that_of_the_command() -> None:
    options = {**SMALL, "passes": ["mask", "depth"], "seed": 3, "limit": 3}
    dataset = render(out="python/d", progress=False, **options)  # type: ignore[arg-type]
    assert run({**options, "out": "shell/d"}) == 0
    assert files(Path("python/d")) == files(Path("shell/d")) and len(files(Path("python/d"))) > 5
    assert dataset.folder == Path("python/d") and (dataset.images, dataset.objects) == (9, 3)
    assert dataset.failures == [] and dataset.seconds > 0 and dataset.info.seed == 3
    assert repr(dataset).startswith("RenderedDataset('python/d': 9 images of 3 objects, 2 classes; ")
    data = open_dataset(dataset.folder)
    assert len(data) == 9 and data.info.fingerprint == dataset.fingerprint


def test_options_of_the_command_are_fields_of_the_request() -> None:
    fields = {field.name: field.default for field in dataclasses.fields(RenderRequest)}
    options = command.make_context("render", []).params
    assert options.keys() - {"dry_run", "as_json", "ray_address", "slurm"} == fields.keys() - {
        "engine_options",
        "progress",
    }
    assert {name: value for name, value in options.items() if name in fields}.items() <= fields.items()
    parameters = inspect.signature(render).parameters
    assert list(parameters) == list(fields) and parameters["quality"].default == "fast"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"classes": "mugg"}, UnknownName, "unknown class 'mugg'; did you mean mug"),
        ({"classes": 99}, UnknownName, "unknown number of classes '99'"),
        ({"recipe": "3diebensh"}, UnknownName, "unknown recipe '3diebensh'; did you mean 3diebench"),
        ({"recipe": "gone.toml"}, SettingError, "no such file: gone.toml"),
        ({"quality": "fest"}, UnknownName, "unknown quality 'fest'; did you mean fast"),
        ({"passes": ["dept"]}, UnknownName, "unknown pass 'dept'; did you mean depth"),
        ({"source": "nowhere/at/all"}, SourceError, "no such file or folder: nowhere/at/all; --source takes one of"),
        ({"device": "gpu"}, UnknownName, "unknown device 'gpu'"),
        ({"engine": "lokal"}, UnknownName, "unknown engine 'lokal'; did you mean local"),
        ({"latents": "l.parquet", "views": 2, "seed": 0}, UsageError, "leave --views and --seed out"),
        ({"out": "-rf"}, UsageError, '--out: the dataset\'s name -rf begins with "-"'),
    ],
)
def test_errors_are_those_of_the_command(
    options: dict[str, Any], error: type[Exception], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(error) as raised:
        render(progress=False, **options)
    assert message in str(raised.value) and "\n" not in str(raised.value)
    assert capsys.readouterr().err == ""
    assert run(options) == 2
    assert str(raised.value) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"views": 0}, "views is 0: give a whole number from 1 to 1000"),
        ({"views": "3"}, "views is '3': give a whole number from 1 to 1000"),
        ({"resolution": 4}, "resolution is 4: give a whole number from 8 to 4096"),
        ({"objects_per_class": 2.5}, "objects_per_class is 2.5: give a whole number of at least 1"),
        ({"limit": True}, "limit is True: give a whole number of at least 1"),
        ({"worker_memory": 0.0}, "worker_memory is 0.0: give at least 0.1 GB"),
        ({"seed": "a"}, "seed is 'a': give a whole number"),
    ],
)
def test_a_number_out_of_its_range_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        RenderRequest(**options)
    assert str(raised.value) == message


@pytest.mark.slow
def test_progress_is_shown_or_not(capsys: pytest.CaptureFixture[str]) -> None:
    cut = {**SMALL, "recipe": "orbit"}
    dataset = render(out="a", progress=False, **cut)  # type: ignore[arg-type]
    assert capsys.readouterr() == ("", "")
    [note] = dataset.notes
    render(out="b", **cut)  # type: ignore[arg-type]
    out, shown = capsys.readouterr()
    assert out == "" and "rot_z is swept in 72 steps" in note and f"iebench: {note}\n" in shown
    assert "4 objects x 3 views = 12 images of 32 px" in shown and "into b" in shown and "rendering: 12/12" in shown


@pytest.mark.slow
def test_objects_that_cannot_be_made_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "BLENDER", "flaky:Unseen")
    dataset = render(out="d", progress=False, classes=1, objects_per_class=3, views=2, resolution=32, workers=1)
    assert len(dataset.failures) == dataset.info.counts["failures"] > 0
    assert all("covers no pixel" in row["cause"] for row in dataset.failures)
    assert f"{len(dataset.failures)} objects failed" in repr(dataset)


@pytest.mark.slow
def test_a_script_needs_no_guard() -> None:
    """Workers are spawned processes; they must not run the user's script again."""
    lines = [
        "from iebench.renderer.rendering import planning",
        f"planning.BLENDER = {FAKE!r}",
        "from iebench.renderer import render",
        "print(render(out='d', classes=2, objects_per_class=1, views=1, resolution=32, workers=2).images)",
    ]
    Path("script.py").write_text("\n".join(lines))
    done = subprocess.run([sys.executable, "script.py"], check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


@pytest.mark.slow
def test_names_are_imported_when_they_are_used() -> None:
    assert set(iebench.renderer.__all__) <= set(dir(iebench.renderer))
    lines = [
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'bpy')))",
        "import iebench.renderer",
        "assert not [name for name in sys.modules if name.startswith('iebench.renderer.')]",
        "import iebench.renderer.commands.render, iebench.renderer.rendering.render",
        "from iebench.renderer import render",
        "assert callable(render) and not hasattr(iebench.renderer, 'rendered')",
        "from iebench.manifests.errors import MissingPart",
        "try: render(classes=1, progress=False)",
        "except MissingPart as error: print(error)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False, capture_output=True, text=True)
    assert done.returncode == 0 and "bpy" in done.stdout and "pip install 'iebench[render]'" in done.stdout, done.stderr
