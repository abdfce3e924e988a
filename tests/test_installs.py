"""Content of the installed packages: a wheel without some parts, and a source distribution with the whole checkout."""

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string

import pytest
from packages import PARTS, built, built_in
from partial import MISSING, faults, hidden, material
from paths import ROOT

from iebench.manifests.shell.verbs import VERBS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def sdist(tmp_path_factory):
    return built(tmp_path_factory.mktemp("sdist"), "sdist")


@pytest.fixture(scope="session")
def wheel(sdist, tmp_path_factory):
    """The wheel, built from nothing but the source distribution."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return built_in(tree, folder, "wheel")


@pytest.fixture(scope="session")
def site(wheel, tmp_path_factory):
    """Folder that pip installed the wheel into, without network."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-compile", "--target", folder]
    subprocess.run([*command, wheel], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def words(tmp_path_factory):
    return material(tmp_path_factory.mktemp("material"))


@pytest.mark.parametrize("install", MISSING)
def test_in_a_partial_install_every_verb_explains_itself_and_names_what_it_lacks(
    install, site, words, tmp_path, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(site))
    assert list(faults([sys.executable], install, hidden(install), tmp_path, words)) == []


def test_the_package_runs_as_a_module_and_knows_its_version(site, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(site))
    code = "import iebench; print(iebench.__version__, iebench.__file__)"
    version, file = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout.split()
    assert file == str(site / "iebench" / "__init__.py")
    shown = subprocess.run(
        [sys.executable, "-m", "iebench", "--version"], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    assert shown == f"iebench, version {version}\n"


def test_the_installed_command_explains_itself(site, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(site))
    shown = subprocess.run(
        [site / "bin" / "iebench", "--help"], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert all(verb in shown.stdout for verb in VERBS)


def test_every_module_that_the_pages_run_is_in_the_wheel(wheel):
    pages = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("*/*/README.md"), ROOT / "README.md"]
    named = {name for page in pages for name in re.findall(r"python\s+-m\s+(iebench[.\w]*)", page.read_text("utf-8"))}
    assert len(named) > 8
    files = zipfile.ZipFile(wheel).namelist()
    missing = [n for n in named if not {f"{n.replace('.', '/')}{end}" for end in (".py", "/__main__.py")} & {*files}]
    assert missing == []


def test_the_wheel_holds_no_more_than_the_package(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top.rpartition(".")[2] or top for top in tops} == {"iebench", "dist-info"}


def test_the_index_page_has_no_links_that_lead_nowhere(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("METADATA"))
        metadata = message_from_string(archive.read(name).decode())
    page = metadata.get_payload()
    assert metadata["Description-Content-Type"] == "text/markdown" and "## The verbs" in page
    links = re.findall(r"\]\(([^)]*)\)", page)
    assert [link for link in links if not link.startswith(("https:", "http:", "#"))] == []


def test_the_source_distribution_holds_what_the_repository_holds(sdist):
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests", "docs", "examples"} <= held
    expected = {
        str(path.relative_to(ROOT))
        for part in PARTS
        for path in ([ROOT / part] if (ROOT / part).is_file() else (ROOT / part).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected - held == set() and len(expected) > 400
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert {*listed.stdout.split("\n")} - held <= {""}  # nothing of the repository lies outside PARTS
