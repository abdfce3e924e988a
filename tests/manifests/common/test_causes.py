"""Messages for unreadable files: the true cause, no library's text, and no advice that destroys good data."""

import errno
import json
import os
import subprocess
import sys
import tomllib

import click
import pytest

from iebench.manifests.common.causes import SOUND, read_failure, reason
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.errors import DatasetError, InvalidValue
from iebench.manifests.shell.cli import guarded

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 132735\n" % 7
REMEDY = "delete it and render again"


def raised(call):
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("number", sorted(SOUND))
def test_nobody_is_told_to_delete_what_may_be_sound(tmp_path, number):
    (tmp_path / "a.tar").write_bytes(b"sound")
    words = read_failure(tmp_path / "a.tar", OSError(number, "words of a library"), REMEDY)
    assert words.startswith(f"cannot read {tmp_path}/a.tar ({os.strerror(number)}): ")
    assert REMEDY not in words
    assert "words of a library" not in words


def test_a_damaged_file_gets_the_remedy(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1,,}')
    error = raised(lambda: json.loads((tmp_path / "a.json").read_text()))
    words = read_failure(tmp_path / "a.json", error, REMEDY)
    assert words == f"cannot read {tmp_path}/a.json (it is not JSON at line 1, column 9): {REMEDY}"


def test_a_missing_file_is_no_damaged_one(tmp_path):
    words = read_failure(tmp_path / "a", ValueError("Error while deserializing header"), REMEDY)
    assert words == f"cannot read {tmp_path}/a (no such file): {REMEDY}"


def test_the_true_cause_is_found_where_a_library_names_another(tmp_path):
    """With too many open files, safetensors reports "no such file"; its error has no number."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"sound")
    script = (
        "import os, resource\nfrom pathlib import Path\nfrom iebench.manifests.common.causes import read_failure\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\nkept = []\n"
        "try:\n    while True: kept.append(os.open('/dev/null', 0))\nexcept OSError: pass\n"
        f"print(read_failure(Path({str(path)!r}), FileNotFoundError('No such file'), 'delete it'))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.startswith(f"cannot read {path} (Too many open files): raise the limit")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tomllib.loads("a = = 3"), "it is not valid TOML at line 1, column 5"),
        (lambda: tomllib.loads("a = 3\na = 4"), "it is not valid TOML: a key is given twice, or a value has no end"),
        (b"\xff".decode, "it is not text in UTF-8"),
        (lambda: {}["seed"], "it has no 'seed'"),
        (lambda: {}[3], "it is damaged"),
        (lambda: json.loads("[" * 100_000), "it is nested too deeply"),
        (lambda: int("x"), "it is damaged"),
    ],
)
def test_kinds_of_errors_have_words_of_their_own(call, words):
    assert reason(raised(call)) == words


@pytest.mark.parametrize("own", [DatasetError("the shard lacks a row"), InvalidValue("the shard lacks a row")])
def test_what_iebench_says_is_passed_on(own):
    assert reason(own) == "the shard lacks a row"


def test_pointers_are_told_from_files(tmp_path):
    for name, content in (
        ("lfs", POINTER),
        ("annex", b"/annex/objects/SHA256E-s13--4d7a.obj\n"),
        ("sound", b"v 0 0 0"),
    ):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to(".git/annex/objects/aa/bb/SHA256E-s13--4d7a.obj")
    assert placeholder(tmp_path / "lfs").startswith("is a Git LFS pointer: run `git lfs pull`")
    assert placeholder(tmp_path / "annex").startswith("is a git-annex pointer: run `git annex get`")
    assert placeholder(tmp_path / "link").startswith("is a git-annex pointer: run `git annex get`")
    assert placeholder(tmp_path / "sound") == placeholder(tmp_path / "gone") == placeholder(tmp_path) == ""


def test_a_pointer_is_named_as_one(tmp_path):
    (tmp_path / "a.parquet").write_bytes(POINTER)
    words = read_failure(tmp_path / "a.parquet", ValueError("Parquet magic bytes not found"), REMEDY)
    assert words.startswith(f"{tmp_path}/a.parquet is a Git LFS pointer: run `git lfs pull`")
    assert REMEDY not in words


@pytest.mark.parametrize(
    ("number", "words"), [(errno.EIO, "may be intact"), (errno.EMFILE, "ulimit -n"), (errno.EACCES, "")]
)
def test_a_fault_of_the_machine_is_one_sentence_wherever_it_arises(capsys, number, words):
    def fail():
        raise OSError(number, "words of a library", "data/a.tar")

    with pytest.raises(SystemExit) as stop:
        guarded(fail)
    shown = capsys.readouterr().err
    assert stop.value.code == 1
    assert shown.startswith(f"iebench: cannot use data/a.tar ({os.strerror(number)}): ")
    assert words in shown and "Traceback" not in shown and "library" not in shown


def test_other_errors_of_the_system_are_faults_of_iebench():
    def fail():
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "a")

    with pytest.raises(FileNotFoundError):
        guarded(fail)


def test_a_file_that_ends_too_early_is_no_interrupt():
    @click.command()
    def read():
        raise EOFError("No data left in file")

    with pytest.raises(EOFError):
        guarded(lambda: read([], standalone_mode=False))
