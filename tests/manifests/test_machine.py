"""What a process may take of its machine."""

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
