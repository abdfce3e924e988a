"""The log: its lines, the lines that a resumed run drops, TensorBoard's events, and a full disk."""

import csv
import json
import resource
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from iebench.benchmark.errors import RunError
from iebench.benchmark.training.log import METRICS, TABLE, Log, last, read
from iebench.manifests.errors import DiskError


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    with Log(tmp_path, 0) as log:
        log.write(1, {"loss": 2.5})
        log.write(2, {"loss": 1.5})
    assert list(read(tmp_path)) == [{"step": 1, "loss": 2.5}, {"step": 2, "loss": 1.5}]
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
    assert [line["loss"] for line in list(read(tmp_path))] == [1, 2, 3, 40]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("nonsense\n{}\n")
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged"):
        list(read(tmp_path))


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    assert list(read(tmp_path)) == []


def test_tensorboard_forgets_it_too(tmp_path: Path) -> None:
    for first, factor in ((0, 1.0), (3, 10.0)):
        with Log(tmp_path, first) as log:
            for step in range(first + 1, 6):
                log.write(step, {"loss": factor * step, "term": 0.0})
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 1), (2, 2), (3, 3), (4, 40), (5, 50)]
    assert events.Tags()["scalars"] == ["loss", "term"] and len(list((tmp_path / "tensorboard").iterdir())) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"step": 1, "loss": 2.5}\n{"loss": 1.5}\n', "line 2: it has no step"),
        ("[1]\n", "line 1: it has no step"),
        ('{"step": "one"}\n', "line 1: it has no step"),
        ('{"step": 1, "loss": "low"}\n', "line 1: loss is 'low' and no number"),
        ('{"step": 1, "loss": true}\n', "line 1: loss is True and no number"),
        (f'{{"step": 1, "loss": 1{"0" * 400}}}\n', "line 1: loss is a number of 401 digits"),
        (f'{{"step": 1{"0" * 26}}}\n', "line 1: step is a number of 27 digits"),
        ('{"step": -1}\n', "line 1: step is .*negative"),
        ("[" * 10_000 + "\n", "line 1: it is nested too deeply"),
        ('{"step": 1, "' + "a" * 10**5 + '": 1}\n', "line 1: it has more than 65,536 bytes"),
        ('{"step": 1, "\\ud800": 1}\n', r"line 1: a name has half a character \(U\+D800\)"),
        ("\xff\n", "it is not text in UTF-8"),
    ],
)
def test_a_line_that_is_none_of_the_log_is_named(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / METRICS).write_bytes(text.encode("latin1"))
    with pytest.raises(RunError, match=rf"metrics\.jsonl is damaged \(.*{reason}"):
        Log(tmp_path, 5)
    assert (tmp_path / METRICS).read_bytes() == text.encode("latin1")


@pytest.mark.slow
def test_a_log_of_any_length_is_read_in_the_same_memory(tmp_path: Path) -> None:
    """Covers reading the last line, and cutting the log on resume."""
    with (tmp_path / METRICS).open("w") as file:
        for step in range(1, 8_001):
            file.write(json.dumps({"step": step, **{f"term_{i}": step / (i + 3) for i in range(6)}}) + "\n")
    size = (tmp_path / METRICS).stat().st_size
    assert size > 1_000_000
    tracemalloc.start()
    try:
        line = last(tmp_path)
        with Log(tmp_path, 4_000):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert line is not None and line["step"] == 8_000 and peak < size / 3
    assert [line["step"] for line in read(tmp_path)] == list(range(1, 4_001))


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Limit the size of files: writing beyond it fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("lines", "full"), [(0, "events.out.tfevents"), (200, METRICS)])
def test_a_full_disk_is_one_sentence(lines: int, full: str, tmp_path: Path) -> None:
    """Any of the log's files may fail first. The failing close hides no error, and no thread prints a traceback."""
    (tmp_path / METRICS).write_text("".join(f'{{"step": {step}}}\n' for step in range(1, lines + 1)))
    with (
        files_up_to((tmp_path / METRICS).stat().st_size + 500),
        pytest.raises(DiskError, match=rf"cannot write .*{full}.*: File too large; choose another folder") as error,
        Log(tmp_path, lines) as log,
    ):
        for step in range(lines + 1, lines + 100):
            log.write(step, {"loss": 1.0})
    assert "\n" not in str(error.value)


def test_an_error_of_the_training_is_not_hidden_by_one_of_the_log(tmp_path: Path) -> None:
    with files_up_to(400), pytest.raises(ZeroDivisionError), Log(tmp_path, 0) as log:
        log._file.write("x" * 1000)  # written on closing
        raise ZeroDivisionError
    with files_up_to(400), pytest.raises(DiskError, match=METRICS), Log(tmp_path, 0) as log:
        log._file.write("x" * 1000)


def table(run: Path) -> list[dict[str, str]]:
    with (run / TABLE).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_has_the_same_values_and_the_columns_of_all_lines(tmp_path: Path) -> None:
    with Log(tmp_path, 0) as log:
        log.write(1, {"loss": 2.5})
        log.write(2, {"loss": float("nan"), "a, b": 1.0})  # a new name, with a comma
        log.write(3, {"loss": 0.5})
    assert table(tmp_path) == [
        {"step": "1", "loss": "2.5", "a, b": ""}, {"step": "2", "loss": "nan", "a, b": "1.0"},
        {"step": "3", "loss": "0.5", "a, b": ""},
    ]  # fmt: skip
    with Log(tmp_path, 2) as log:  # resumed after step 2
        log.write(3, {"loss": 7.0})
    assert [row["loss"] for row in table(tmp_path)] == ["2.5", "nan", "7.0"]
