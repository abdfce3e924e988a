"""Hook of mkdocs: adds generated pages and files outside docs/ to the site; nothing is written into the repository."""

import shutil
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / ".ci"))

from pages import commands, metrics, mirror, protocols, python, recipes, score_file  # noqa: E402

PACKAGE = TemporaryDirectory(prefix="iebench-site-")  # removed when the build ends


@event_priority(100)  # before mkdocstrings reads its own
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lay out the package as it is installed, for mkdocstrings, and list a page for each verb."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name, folder in sorted(project["tool"]["setuptools"]["package-dir"].items()):
        for file in (ROOT / folder).rglob("*.py"):
            copy = Path(PACKAGE.name, *name.split("."), file.relative_to(ROOT / folder))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [PACKAGE.name]
    config.nav = with_verbs(config.nav)
    return config


def with_verbs(entry: Any) -> Any:
    """Return the navigation with a page for each verb below the index of the commands."""
    if isinstance(entry, list):
        return [with_verbs(part) for part in entry]
    if isinstance(entry, dict):
        return {title: with_verbs(part) for title, part in entry.items()}
    return list(commands.pages()) if entry == f"{commands.FOLDER}/index.md" else entry


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages and the files outside docs/ that pages link to."""
    made = {}
    for module in (commands, recipes, protocols, metrics, score_file, python):
        made |= module.pages()
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    texts = {file.src_uri: file.content_string for file in files.documentation_pages()}
    for path, file in mirror.linked(texts).items():
        files.append(File.generated(config, path, content=file.read_bytes(), inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, *, page: object, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of docs/ to the copies on the site."""
    return mirror.mended(page.file.src_uri, markdown)
