"""The report is one page that needs nothing else and shows what it was given."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from scoring import measured, score_of

from iebench.benchmark.errors import NotComparable
from iebench.benchmark.report import report
from iebench.manifests.dataset import DatasetInfo

VALUES = {"whole": {"top1": measured(0.61), "mrr": measured(0.31)}, "invariant": {"top1": measured(0.45)}}


class Page(HTMLParser):
    """Collects tags, links and text, and sees that tags are closed in order."""

    VOID = ("meta", "img", "link", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def page(tiny_dataset: Path, tmp_path: Path) -> str:
    info = DatasetInfo.load(tiny_dataset)
    scores = {}
    for name in ("sie", "<script>"):
        path = tmp_path / name.strip("<>") / "score.json"
        path.parent.mkdir()
        lines = [json.dumps({"step": step, "loss": 1.0 / step, "seconds": 1.0}) for step in (1, 2)]
        (path.parent / "metrics.jsonl").write_text("\n".join(lines) + "\n")
        scores[path] = replace(
            score_of(name, VALUES, info.fingerprint), run={"method": "sie", "settings": {"batch": 64}}
        )
    return report(scores, tiny_dataset)


def test_it_is_well_formed_and_asks_for_nothing_from_outside(page: str) -> None:
    parsed = Page(page)
    assert parsed.open == []
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in parsed.sources)
    assert sum(source.startswith("data:image/png") for source in parsed.sources) == 2
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org)", page)


def test_it_shows_scores_curves_dataset_and_protocol(page: str, tiny_dataset: Path) -> None:
    words = " ".join(Page(page).words)
    info = DatasetInfo.load(tiny_dataset)
    for shown in ("61.0", "[56.0, 66.0]", "0.310", "invariant", "floor", info.fingerprint, info.licence, "floor_hue",
                  "batch 64", "rotation.epochs", "loss", "step", "24 objects"):  # fmt: skip
        assert shown in words
    assert "<svg" in page and "SMOKE" not in words


def test_names_cannot_break_the_page(page: str) -> None:
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_scores_of_another_dataset_are_refused(tiny_dataset: Path) -> None:
    with pytest.raises(NotComparable, match=r"with fingerprint ffffffffffff, and .*: give that one with --data"):
        report({Path("a/score.json"): score_of("a", VALUES)}, tiny_dataset)
