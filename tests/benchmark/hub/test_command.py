"""The commands push and pull: their output, and one sentence for every failure of the Hub."""

import json
import sys
from pathlib import Path

import pytest
from hub import Hub

from iebench.benchmark.hub import repository
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # the Hub library's own


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


@pytest.fixture
def sentence(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Function that runs a command and returns its exit code with all that it printed, on one line."""

    def say(*arguments: object) -> tuple[int, str]:
        code, printed = run(*arguments, "--quiet"), capsys.readouterr()
        assert "Traceback" not in printed.err and "hf_" not in printed.err + printed.out
        return code, " ".join((printed.out + printed.err).split())

    return say


def test_a_dry_run_names_files_and_bytes_and_changes_nothing(hub: Hub, finished_run: Path, sentence) -> None:  # type: ignore[no-untyped-def]
    code, text = sentence("push", finished_run, "--to", "me/run", "--dry-run")
    assert code == 0 and "5 files" in text and "model.safetensors" in text and not hub.repositories
    assert run("push", finished_run, "--to", "me/run", "-q") == 0
    code, text = sentence("pull", "me/run", "--dry-run", "--json")
    table = json.loads(text[text.index("{") :])
    sizes = {file["path"]: file["bytes"] for file in table["files"]}
    assert sizes["model.safetensors"] == (finished_run / "model.safetensors").stat().st_size
    assert (table["kind"], table["out"], table["disk"]) == ("run", "runs/run", sum(sizes.values()))
    assert not Path("runs").exists()


def test_the_result_as_json(hub: Hub, finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("push", finished_run, "--to", "me/run", "--json", "-q") == 0
    table = json.loads(capsys.readouterr().out)
    assert (table["repository"], table["kept"], len(table["files"])) == ("models/me/run", 0, 5)
    assert table["commit"] == hub.repositories["models/me/run"].head
    assert run("pull", "me/run", "--json", "-q") == 0
    assert json.loads(capsys.readouterr().out)["commit"] == table["commit"]


def test_refusals_of_the_hub_are_one_sentence(
    hub: Hub,
    finished_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    sentence,  # type: ignore[no-untyped-def]
) -> None:
    assert sentence("pull", "me/nothing")[1].endswith("check the name, or run `hf auth login`, or set HF_TOKEN")
    hub.readonly = {"me/run"}
    assert "this account may not write to models/me/run" in sentence("push", finished_run, "--to", "me/run")[1]
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    code, text = sentence("push", finished_run, "--to", "me/run")
    assert code == 1 and "does not accept the token: run `hf auth login`" in text
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(repository, "get_token", lambda: None)
    monkeypatch.setattr("huggingface_hub.utils._headers.get_token", lambda: None)
    code, text = sentence("push", finished_run, "--to", "me/run")
    assert code == 1 and "needs a token of yours: run `hf auth login`, or set HF_TOKEN" in text
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE forbids the network" in sentence("pull", "me/run")[1]


def test_a_private_repository_is_hidden_from_others(
    hub: Hub,
    finished_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    sentence,  # type: ignore[no-untyped-def]
) -> None:
    assert sentence("push", finished_run, "--to", "me/run", "--private")[0] == 0
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.utils._headers.get_token", lambda: None)
    assert "has no me/run, or this account may not see it" in sentence("pull", "me/run")[1]


def test_no_connection_is_one_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch, sentence) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")  # the port of `discard`
    code, text = sentence("pull", "me/run")
    assert code == 1 and "cannot reach http://127.0.0.1:9 (" in text and "check the network and HF_ENDPOINT" in text


def test_a_server_that_fails_is_one_sentence(
    hub: Hub,
    server,
    sentence,  # type: ignore[no-untyped-def]
) -> None:
    server[1].every = 1
    assert "its server answers 503" in sentence("pull", "me/run")[1]


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, sentence) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr("iebench.manifests.installed.parts.find_spec", lambda _: None)
    assert "pip install 'iebench[cloud]'" in sentence("pull", "me/run")[1]
