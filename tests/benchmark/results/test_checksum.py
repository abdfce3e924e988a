"""A score file that was edited is refused, whatever the edit; another layout of the same content is not."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scoring import measured, score_of

from iebench.benchmark.commands.validate import faults
from iebench.benchmark.errors import ScoreFileError
from iebench.benchmark.results.checksum import checksum
from iebench.benchmark.results.reading import load_score

VALUES = {"whole": {"top1": measured(0.5), "rotation_r2_mean": measured(0.25)}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    score_of("sie", VALUES).save(tmp_path / "score.json")
    return tmp_path / "score.json"


def edit(path: Path, change: Callable[[dict[str, Any]], object], **layout: Any) -> None:
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table, **layout))


def test_it_is_the_hash_of_the_entries_as_compact_json() -> None:
    text = b'{"a":1.5,"b":[1,null],"c":{"d":"\\u00b0","e":true}}'
    table = {"c": {"e": True, "d": "°"}, "checksum": "?", "b": [1, None], "a": 1.5}
    assert checksum(table) == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize("change", [
    lambda t: t["values"]["whole"]["rotation_r2_mean"].update(value=0.26),  # inside its interval: no contradiction
    lambda t: t["values"]["whole"]["top1"].update(floor=0.01),
    lambda t: t["values"]["whole"]["top1"].update(n=t["values"]["whole"]["top1"]["n"] + 1),
    lambda t: t["encoder"].update(name="other"),
    lambda t: t["dataset"].update(fingerprint="0" * 64),
    lambda t: t["run"].update(seed=1),
    lambda t: t["notes"].append("excellent"),
    lambda t: t.update(checksum="0" * 64),
])  # fmt: skip
def test_one_edited_entry_is_refused(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    assert faults(path) == []
    edit(path, change)
    (fault,) = faults(path)
    assert fault.startswith(f"{path}: its checksum is that of other content: the file was changed")
    with pytest.raises(ScoreFileError, match="run `iebench score` again"):
        load_score(path)


def test_a_contradiction_is_named_rather_than_the_change(path: Path) -> None:
    edit(path, lambda t: t["values"]["whole"]["top1"].update(value=2.0))
    assert faults(path) and not any("checksum" in fault for fault in faults(path))


def test_another_layout_and_order_of_the_same_content_is_valid(path: Path) -> None:
    score = load_score(path)
    edit(path, lambda t: None, indent=8, sort_keys=True, ensure_ascii=False)
    assert faults(path) == [] and load_score(path) == score


def test_a_file_of_an_earlier_iebench_has_no_checksum_and_is_valid(path: Path) -> None:
    edit(path, lambda t: t.pop("checksum"))
    assert faults(path) == []


@pytest.mark.parametrize("other", [None, 5, ["0"]])
def test_a_checksum_of_another_type_is_one_of_other_content(path: Path, other: object) -> None:
    edit(path, lambda t: t.update(checksum=other))
    assert "checksum" in faults(path)[0]
