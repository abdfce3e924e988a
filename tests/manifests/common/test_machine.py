"""Cores and memory that a process may use."""

from pathlib import Path

import pytest

from iebench.manifests.common import machine


def test_a_machine_has_cores_and_memory_and_less_of_it_is_free() -> None:
    assert machine.cores() >= 1 and 0 < machine.free_memory() <= machine.memory()


def test_a_container_s_limit_counts_and_its_caches_of_files_are_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in {"max": "5000", "current": "4000", "stat": "anon 10\ninactive_file 700\n"}.items():
        (tmp_path / name).write_text(content)
    for name, file in {"LIMITS": "max", "USED": "current", "CACHED": "stat"}.items():
        monkeypatch.setattr(machine, name, (str(tmp_path / file),))
    assert machine.memory() == 5000 and machine.free_memory() == 1700
    (tmp_path / "max").write_text("max\n")
    assert machine.memory() > 10**8 and machine.free_memory() > 10**7


def test_processes_that_were_started_together_share_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in {"LIMITS": "6000", "USED": "0", "CACHED": ""}.items():
        (tmp_path / name).write_text(content)
        monkeypatch.setattr(machine, name, (str(tmp_path / name),))
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(7), raising=False)
    assert (machine.cores(), machine.free_memory()) == (7, 6000)
    monkeypatch.setenv(machine.SHARE, "3")
    assert (machine.cores(), machine.free_memory()) == (2, 2000)
    monkeypatch.setenv(machine.SHARE, "9")
    assert machine.cores() == 1
