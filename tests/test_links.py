"""Relative links of every page lead to a file of the repository, and their anchors to a heading of it."""

import re
from pathlib import Path

import pytest
from paths import ROOT

FOLDERS = ("api", "baselines", "benchmark", "docs", "examples", "manifests", "renderer", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/**/*.md"))])
FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2", re.M | re.S)
CODE = re.compile(r"(`+)[^`].*?\1")
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: +\"[^\"]*\")?\)|^\[[^\]\n]+\]: +(\S+)$", re.M)
WEB = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
NAMED = re.compile(r"\bdocs/[\w/-]+\.md\b")  # a page in a message, a comment or a docstring


def anchors(page: Path) -> set[str]:
    """Anchors that both GitHub and Python-Markdown give a page's headings; equal headings are numbered differently."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = [
        re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line) for line in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.M)
    ]
    plain = [re.sub(r"[^\w\s-]", "", heading.lower()).strip() for heading in headings]
    return {re.sub(r"\s", "-", words) for words in plain} & {re.sub(r"[\s-]+", "-", words) for words in plain}


def broken(page: Path) -> list[str]:
    """Links of a page that lead nowhere, as they are written."""
    text = CODE.sub("code", FENCE.sub("", page.read_text(encoding="utf-8")))
    wrong = []
    for link in (match[1] or match[2] for match in LINK.finditer(text)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        missing = not target.exists() or not (target.is_relative_to(ROOT.resolve()) or target == page)
        if not WEB.match(link) and (missing or (anchor and anchor not in anchors(target))):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_to_a_file_and_a_heading(page):
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A title - with a hyphen\n\n## Sizes and `types`\n\n```\n# no heading\n[shown](code.md)\n```\n\n"
        "[a](#sizes-and-types) `[b](b.md)` [c](https://example.org/c.md)\n"
        '[d](#no-heading) [e](e.md) [f](#a-title-with-a-hyphen) ![g](g.png "a picture")\n\n[h]: h.md\n'
    )
    assert broken(page) == ["#no-heading", "e.md", "#a-title-with-a-hyphen", "g.png", "h.md"]


@pytest.mark.slow
def test_pages_that_other_files_name_exist():
    kinds = ("py", "toml", "json", "md", "html", "js")
    files = [file for folder in FOLDERS for kind in kinds for file in ROOT.glob(f"{folder}/**/*.{kind}")]
    files += [*PAGES, ROOT / "pyproject.toml", ROOT / "Makefile"]
    named = {(name, file) for file in files for name in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 30
    assert [f"{file.relative_to(ROOT)}: {name}" for name, file in sorted(named) if not (ROOT / name).is_file()] == []
