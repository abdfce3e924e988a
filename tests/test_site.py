"""The site of docs/ builds without a warning or a network, and has a page for everything that iebench ships."""

import doctest
import importlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from paths import ROOT

from iebench.benchmark.metrics import METRICS
from iebench.manifests.common.shipped import shipped
from iebench.manifests.shell.verbs import VERBS

pytestmark = pytest.mark.slow
LOADING = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src")}


def words(html: str) -> str:
    """The text of a page, without its tags."""
    return re.sub(r"<[^>]+>", "", html)


def check_commands(site: Path) -> None:
    """Every verb has a page with its options and examples."""
    assert {page.stem for page in (site / "reference/commands").iterdir()} == {"index", *VERBS}
    page = words((site / "reference/commands/score.html").read_text("utf-8"))
    assert "--encoder-arg KEY=VALUE" in page and "iebench score --run runs/sie-builtin-s0" in page


def check_reference(site: Path) -> None:
    """Everything that iebench ships is in the reference."""
    recipes, protocols = ((site / f"reference/{kind}s.html").read_text("utf-8") for kind in ("recipe", "protocol"))
    assert [name for name in shipped("recipe") if f'<h2 id="{name}">' not in recipes] == []
    assert [name for name in shipped("protocol") if f'<h2 id="{name}">' not in protocols] == []
    metrics = (site / "reference/metrics.html").read_text("utf-8")
    assert [name for name in METRICS if f"<code>{name}</code>" not in metrics] == []


def check_python(site: Path) -> None:
    """Functions have their parameters and errors."""
    page = (site / "reference/python.html").read_text("utf-8")
    section = words(page.partition('id="iebench.benchmark.score"')[2].partition("<h3")[0])
    assert "trust" in section and "True to load encoders that may execute code" in section
    assert re.search(r"EncoderError\s+the encoder cannot be used", section)


class Loaded(HTMLParser):
    """Collects the addresses that a page loads when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a tag that loads something."""
        self.addresses += [value for name, value in attrs if (tag, name) in LOADING and value]


def check_offline(site: Path) -> None:
    """Pages load nothing from elsewhere."""
    for page in site.rglob("*.html"):
        parser = Loaded()
        parser.feed(page.read_text(encoding="utf-8"))
        assert [address for address in parser.addresses if re.match(r"(https?:)?//", address)] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet


def test_the_site_is_whole_and_needs_no_network(tmp_path: Path) -> None:
    """The command of `make docs`, where a warning is an error; one test, so that the site is built once."""
    pytest.importorskip("mkdocstrings", reason="pip install -e '.[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=quiet)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    for check in (check_commands, check_reference, check_python, check_offline):
        check(tmp_path)


@pytest.mark.parametrize("name", ["commands", "docstrings", "markdown", "score_file"])
def test_examples_in_the_generators(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("griffe", reason="pip install -e '.[docs]'")
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    assert doctest.testmod(importlib.import_module(f"pages.{name}")).failed == 0
