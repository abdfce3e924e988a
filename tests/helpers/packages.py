"""Builds the wheel and the source distribution from this checkout, without network."""

import shutil
import subprocess
import sys
from pathlib import Path

from paths import ROOT

BACKEND = "import setuptools.build_meta as backend, sys; getattr(backend, sys.argv[1])(sys.argv[2])"
PARTS = (
    "api", "manifests", "renderer", "baselines", "benchmark", "tests", "docs", "examples", ".ci", ".github",
    ".devcontainer", "containers", ".dockerignore", "Makefile", "MANIFEST.in", "README.md", "CHANGELOG.md",
    "CONTRIBUTING.md", "CITATION.cff", "LICENSE", "pyproject.toml", "setup.py", ".gitignore", ".git-blame-ignore-revs",
    ".pre-commit-config.yaml", "mkdocs.yml",
)  # fmt: skip


def built(folder: Path, kind: str = "wheel") -> Path:
    """Build a "wheel" or an "sdist" of this checkout in a folder; the checkout is not changed."""
    copy = folder / "checkout"
    if not copy.exists():  # setuptools builds inside the tree
        for name in PARTS:
            _copy(ROOT / name, copy / name)
    return built_in(copy, folder, kind)


def built_in(tree: Path, folder: Path, kind: str) -> Path:
    """Build a "wheel" or an "sdist" in a folder, from a tree that setuptools may write into."""
    out = folder / kind
    subprocess.run([sys.executable, "-c", BACKEND, f"build_{kind}", out], cwd=tree, check=True, capture_output=True)
    return next(out.iterdir())


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
