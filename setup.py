"""Makes the page for a package index from README.md; everything else about the package is in pyproject.toml."""

import re
from pathlib import Path

from setuptools import setup

LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)[^)]*\)")  # into this folder: such links lead nowhere from an index


def index_page(readme: str) -> str:
    """The README with only the text of its links into this folder, and without its pictures."""
    return LINK.sub(lambda link: "" if link[1] else link[2], readme)


setup(
    long_description=index_page(Path(__file__).with_name("README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
)
