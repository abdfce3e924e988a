"""Files outside docs/ that pages link to: on the site they are below `source/`, pages as pages, others as they are."""

import os
import re
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
DOCS = "docs"
MIRROR = "source"
LINK = re.compile(r"(\]\(<?)(?![a-z][a-z0-9+.-]*:|#)([^)#\s>]+)")
FENCE = re.compile(r"(^ *```.*?^ *```)", re.M | re.S)


def origin(page: str) -> PurePosixPath:
    """Return the path in the repository of a page of the site."""
    path = PurePosixPath(page)
    return path.relative_to(MIRROR) if path.parts[0] == MIRROR else DOCS / path


def on_site(path: str) -> str:
    """Return the path on the site of a file of the repository."""
    parts = PurePosixPath(path).parts
    return str(PurePosixPath(*parts[1:]) if parts[0] == DOCS else PurePosixPath(MIRROR, *parts))


def targets(text: str) -> list[str]:
    """Return the relative links of a page that do not stand in a block of code."""
    return [match[2] for part in FENCE.split(text)[::2] for match in LINK.finditer(part)]


def target(page: str, link: str) -> str:
    """Return the path in the repository that a link of a page leads to."""
    return os.path.normpath(origin(page).parent / link)


def mended(page: str, text: str) -> str:
    """Return a page whose links out of docs/ lead to the mirror."""

    def mend(match: re.Match[str]) -> str:
        path = target(page, match[2])
        inside = (ROOT / path).is_file() and (not path.startswith(f"{DOCS}/") or page.startswith(f"{MIRROR}/"))
        return match[1] + (os.path.relpath(on_site(path), PurePosixPath(page).parent) if inside else match[2])

    parts = FENCE.split(text)
    return "".join(part if i % 2 else LINK.sub(mend, part) for i, part in enumerate(parts))


def linked(pages: dict[str, str]) -> dict[str, Path]:
    """Return path on the site -> file, for every file outside docs/ that pages lead to, directly or by another.

    pages : path on the site -> Markdown
    """
    files: dict[str, Path] = {}
    waiting = list(pages.items())
    while waiting:
        page, text = waiting.pop()
        for link in targets(text):
            path = target(page, link)
            file = ROOT / path
            if path.startswith(f"{DOCS}/") or not file.is_file() or on_site(path) in files:
                continue
            files[on_site(path)] = file
            if file.suffix == ".md":
                waiting.append((on_site(path), file.read_text(encoding="utf-8")))
    return files
