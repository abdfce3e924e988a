"""Standard output and error: no command fails on a character, on a closed reader, or on a full disk."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from partial import material

from iebench.manifests.common.files import write_atomic
from iebench.manifests.shell.terminal import PLAIN

LOOP = """
import sys
from iebench.manifests.shell.cli import main
for line in [line.split() for line in sys.argv[1].split(";")]:
    try:
        main(line)
    except SystemExit as stop:
        assert not stop.code, line
"""
UNDECODED = "score-\udce9.json"
CODECS = ("latin-1", "cp1252", "ascii", "shift-jis", "utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dataset and score under non-ASCII names, and both under names with a byte that is not valid text."""
    folder = tmp_path_factory.mktemp("material") / "größe-≈-数据"
    folder.mkdir()
    material(folder)
    shutil.copy(folder / "score.json", folder / UNDECODED)
    shutil.copytree(folder / "data", folder / "data-\udce9")
    return folder


def run(command: list[str], folder: Path, *, codec: str = "utf-8", **options: object) -> subprocess.CompletedProcess:
    environment = {"PATH": "", "PYTHONIOENCODING": codec, "PYTHONPATH": ":".join(sys.path), "HOME": str(folder)}
    environment |= {"PYTHONUNBUFFERED": "1"} if codec == "latin-1" else {}  # as `python -u`: nothing is buffered
    return subprocess.run([sys.executable, *command], check=False, cwd=folder, env=environment, **options)


@pytest.mark.slow
@pytest.mark.parametrize("codec", CODECS)
def test_results_die_of_no_character_and_files_are_the_same_everywhere(folder: Path, codec: str) -> None:
    score = folder / "score.json"
    lines = (
        f"leaderboard {score};leaderboard {UNDECODED};validate {UNDECODED};leaderboard score.json --format md;"
        "leaderboard score.json --format latex;"
        "leaderboard score.json --published;validate score.json;leaderboard score.json --out table.txt;"
        "report score.json --out report.html;--help"
    )
    if codec == "cp1252":  # the rest takes longer, and writes in the same way
        lines += f";view data 02691156_00000_000;report score.json --data data;card data;verify {folder}/data"
        lines += ";inspect data;render --classes 1 --dry-run"
    done = run(["-c", LOOP, lines], folder, codec=codec, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:].decode("utf-8", "replace")
    assert b"Traceback" not in done.stderr
    done.stdout.decode("utf-8" if codec == "ascii" else codec)  # click treats an ASCII terminal as UTF-8
    assert "≈" in (folder / "table.txt").read_text(encoding="utf-8")
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.slow
@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_the_locale_may_be_none(folder: Path, locale: dict[str, str]) -> None:
    environment = {**locale, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", LOOP, "leaderboard score.json;card data;report score.json --data data;verify data"]
    done = subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "≈" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_a_reader_that_has_gone_does_not_end_the_work(folder: Path, unbuffered: dict[str, str]) -> None:
    (folder / "table.txt").unlink(missing_ok=True)
    program = (
        "import os, sys; from iebench.manifests.shell.cli import guarded; import click\n"
        "def work():\n"
        "    for number in range(20000): click.echo(f'line {number}')\n"
        "    open('table.txt', 'w').write('done')\n"
        "guarded(work)"
    )
    script = f'{sys.executable} -c "$PROGRAM" | {{ read line; echo $line; }}; echo ${{PIPESTATUS[@]}}'
    environment = {"PROGRAM": program, "PYTHONPATH": ":".join(sys.path), **unbuffered}
    done = subprocess.run(["bash", "-c", script], check=True, cwd=folder, env=environment, capture_output=True)
    assert (done.stdout.split(b"\n")[:2], done.stderr) == ([b"line 0", b"0 0"], b"")
    assert (folder / "table.txt").read_text() == "done"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.slow
def test_a_full_disk_behind_the_output_is_one_sentence(folder: Path) -> None:
    command = ["-m", "iebench.manifests.shell.cli", "leaderboard", "score.json"]
    with Path("/dev/full").open("w") as full:
        done = run(command, folder, stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 1 and done.stderr.startswith(b"iebench: no space left to write standard output: ")
        assert done.stderr.count(b"\n") == 1
        assert run(command, folder, stdout=subprocess.PIPE, stderr=full).returncode == 0  # the log is lost


@pytest.mark.slow
def test_closed_output_is_no_error(folder: Path) -> None:
    command = f"exec {sys.executable} -m iebench.manifests.shell.cli leaderboard score.json"
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        environment = {"PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run(["sh", "-c", f"{command} {closed}"], check=False, cwd=folder, env=environment)
        assert done.returncode == 0


def test_files_are_utf_8_whatever_names_they_hold(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.txt", "größe \udce9")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "größe \\udce9"


def test_plain_spellings_are_ascii() -> None:
    assert all(spelling.isascii() for spelling in PLAIN.values())


@pytest.mark.slow
def test_a_name_that_is_no_text_is_one_sentence_where_it_cannot_be_used(folder: Path) -> None:
    done = run(["-m", "iebench.manifests.shell.cli", "verify", "data-\udce9"], folder, capture_output=True)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 2  # the second is the count of images
    assert b"iebench: a name holds bytes that are not text (" in done.stderr
