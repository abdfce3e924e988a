"""The log: lines, what a resumed run forgets, and TensorBoard's events."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from iebench.benchmark.errors import RunError
from iebench.benchmark.log import Log, read


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    with Log(tmp_path, 0) as log:
        log.write(1, {"loss": 2.5})
        log.write(2, {"loss": 1.5})
    assert read(tmp_path) == [{"step": 1, "loss": 2.5}, {"step": 2, "loss": 1.5}]
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 2.5), (2, 1.5)]


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    with Log(tmp_path, 0) as log:
        for step in range(1, 6):
            log.write(step, {"loss": float(step)})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')  # cut off by a crash
    with Log(tmp_path, 3) as log:
        log.write(4, {"loss": 40.0})
    assert [line["loss"] for line in read(tmp_path)] == [1, 2, 3, 40]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("nonsense\n{}\n")
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged"):
        read(tmp_path)


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    assert read(tmp_path) == []
