"""Logging services (wandb, trackio), with a stand-in for their modules."""

import sys
import threading
import types
from pathlib import Path
from typing import Any

import pytest

from iebench.benchmark.errors import MissingPart, RunError, UnknownName
from iebench.benchmark.training import trackers
from iebench.benchmark.training.config import resolve
from iebench.benchmark.training.log import Log, read
from iebench.benchmark.training.trackers import LogSettings, open_trackers


class Service(types.ModuleType):
    """Stand-in for the common interface of wandb and trackio; `calls` records the calls."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
        self.calls: list[Any] = []

    def init(self, **options: Any) -> "Service":
        self.calls.append(options)
        return self

    def log(self, values: dict[str, float], step: int) -> None:
        self.calls.append((step, values))

    def finish(self) -> None:
        self.calls.append("finished")


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> dict[str, Service]:
    modules = {name: Service(name) for name in ("wandb", "trackio")}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return modules


def test_a_run_is_logged_in_both_beside_its_own_files(tmp_path: Path, services: dict[str, Service]) -> None:
    run = tmp_path / "sie-x-s0"
    run.mkdir()
    trackers = open_trackers(run, LogSettings(wandb="mine", trackio="ours"), {"seed": 0})
    with Log(run, 0, trackers) as log:
        log.write(1, {"loss": 2.5})
        log.write(2, {"loss": 1.5})
    assert list(read(run)) == [{"step": 1, "loss": 2.5}, {"step": 2, "loss": 1.5}]
    for name, project in (("wandb", "mine"), ("trackio", "ours")):
        [opened, *rest] = services[name].calls
        assert opened["project"] == project and opened["name"] == "sie-x-s0" and opened["config"] == {"seed": 0}
        assert opened["resume"] == "allow"
        assert rest == [(1, {"loss": 2.5}), (2, {"loss": 1.5}), "finished"]


def test_a_resumed_run_is_the_same_there_and_another_folders_is_not(
    tmp_path: Path, services: dict[str, Service]
) -> None:
    for folder in ("a/run", "a/run", "b/run"):
        open_trackers(tmp_path / folder, LogSettings(wandb="mine"), {})
    first, again, other = (options["id"] for options in services["wandb"].calls)
    assert first == again != other
    assert services["trackio"].calls == []


def test_none_is_opened_unless_asked_for(tmp_path: Path, services: dict[str, Service]) -> None:
    assert open_trackers(tmp_path, LogSettings(), {}) == []
    train, _ = resolve("sie", "quick", ["log.wandb=mine"])
    assert train.log == LogSettings(wandb="mine") and resolve("sie", "quick", [])[0].log == LogSettings()
    with pytest.raises(UnknownName, match="unknown setting 'wanb'; did you mean wandb"):
        resolve("sie", "quick", ["log.wanb=mine"])


def test_a_service_that_is_not_installed_or_does_not_start(
    tmp_path: Path, services: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**options: Any) -> None:
        raise OSError("no API key\nlong story")

    monkeypatch.setattr(services["wandb"], "init", fail)
    with pytest.raises(
        RunError, match=r"wandb does not start \(it gives no reason\): log in, or work offline with WANDB_MODE"
    ):
        open_trackers(tmp_path, LogSettings(wandb="mine"), {})
    monkeypatch.delitem(sys.modules, "trackio")
    monkeypatch.setattr("iebench.manifests.installed.parts.find_spec", lambda name: None)
    with pytest.raises(MissingPart, match=r"needs trackio: pip install 'iebench\[trackio\]'"):
        open_trackers(tmp_path, LogSettings(trackio="ours"), {})


def test_a_service_that_fails_is_said_once_and_left_out(
    tmp_path: Path, services: dict[str, Service], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(values: dict[str, float], step: int) -> None:
        raise ConnectionError("network is gone\nlong story")

    def fail_at_the_end() -> None:
        raise OSError("cannot flush")

    monkeypatch.setattr(services["wandb"], "log", fail)
    monkeypatch.setattr(services["trackio"], "finish", fail_at_the_end)
    with Log(tmp_path, 0, open_trackers(tmp_path, LogSettings(wandb="mine", trackio="ours"), {})) as log:
        log.write(1, {"loss": 2.5})
        log.write(2, {"loss": 1.5})
    assert len(list(read(tmp_path))) == 2
    assert services["wandb"].calls[1:] == [] and len(services["trackio"].calls) == 3
    assert capsys.readouterr().err.splitlines() == [
        "iebench: wandb fails at step 1 (there is no connection): the run continues without it; its own files are "
        "complete",
        "iebench: trackio fails at the end (it gives no reason): the run continues without it; its own files are "
        "complete",
    ]


def test_a_service_that_does_not_finish_keeps_no_run_from_ending(
    services: dict[str, Service], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    free = threading.Event()
    monkeypatch.setattr(trackers, "FINISH", 0.1)
    monkeypatch.setattr(services["wandb"], "finish", free.wait)
    with Log(tmp_path, 0, open_trackers(tmp_path, LogSettings(wandb="mine", trackio="ours"), {})) as log:
        log.write(1, {"loss": 2.5})
    free.set()
    assert "wandb fails at the end (not finished within 0 s): the run continues without it" in capsys.readouterr().err
    assert services["trackio"].calls[-1] == "finished" and [*read(tmp_path)] == [{"step": 1, "loss": 2.5}]
