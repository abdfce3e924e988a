"""`iebench doctor`: each finding has its remedy, and no crash of a part ends it."""

import os

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from plugins import install

from iebench.manifests.doctor import command, machine, packages, parts
from iebench.manifests.doctor.finding import HINT, MEND, OK, Finding

GOOD, BAD = Finding("disk", "10 GB free"), Finding("picture", "the system lacks libXi.so.6: install it", MEND)
CHECK = (
    "def check(folder):\n    from iebench.manifests.doctor.finding import Finding\n    yield Finding('mine', 'seen')\n"
)


def doctor(monkeypatch, *arguments, findings=()):
    """Run the verb with made-up findings of the parts, and without those of this machine."""
    monkeypatch.setattr(command, "packages", lambda: iter(findings))
    monkeypatch.setattr(command, "machine", lambda folder: iter(()))
    monkeypatch.setattr(command, "parts", lambda: iter(()))
    return CliRunner().invoke(command.doctor, arguments, standalone_mode=False)


@pytest.mark.parametrize(
    ("findings", "code"), [([GOOD], 0), ([GOOD, Finding("GPU", "none", HINT)], 0), ([GOOD, BAD], 1)]
)
def test_the_exit_code_is_1_only_where_something_is_to_be_mended(monkeypatch, tmp_path, findings, code):
    result = doctor(monkeypatch, str(tmp_path), findings=findings)
    lines = result.stdout.splitlines()
    assert result.return_value == code
    assert [line.split()[0] for line in lines] == [finding.state for finding in findings]
    assert all(finding.text in line for finding, line in zip(findings, lines, strict=True))
    assert ("1 of 2 checks failed" in result.stderr) == bool(code)


def test_a_folder_that_is_not_there_is_named(monkeypatch, tmp_path):
    assert "there is no folder" in str(doctor(monkeypatch, str(tmp_path / "gone")).exception)


def test_what_a_check_says_cannot_command_the_terminal(monkeypatch, tmp_path):
    assert "\x1b" not in doctor(monkeypatch, str(tmp_path), findings=[Finding("GPU", "a\x1b[2Jb")]).stdout


def test_this_installation_has_the_declared_versions():
    assert {finding.title: finding.state for finding in packages.packages()}["iebench"] == OK


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        (["numpy>=1", "torch>=2"], OK, "numpy 1"),
        (["numpy>=99"], MEND, "which should be >=99: pip install --upgrade 'iebench[train]'"),
        (["numpy>=1", "no-such-package>=1"], HINT, "no no-such-package"),
        (["numpy>=99", "no-such-package>=1"], HINT, "which should be >=99"),
        (["no-such-package>=1"], HINT, "not installed; if you want it: pip install 'iebench[train]'"),
    ],
)
def test_a_version_out_of_range_is_a_fault_only_in_an_extra_that_is_complete(lines, state, words, monkeypatch):
    pytest.importorskip("torch")
    requirements = [Requirement(line) for line in lines]
    monkeypatch.setattr(packages, "declared", lambda extra="": requirements)
    finding = packages.optional("train", requirements)
    assert finding.state == state and words in finding.text


def test_a_required_package_that_is_too_old_is_a_fault():
    finding = packages.required([Requirement("numpy>=1"), Requirement("click>=99")])
    assert finding.state == MEND and "click" in finding.text and "numpy" not in finding.text


def test_a_python_without_blender_is_named():
    assert packages.optional("render", [Requirement("numpy>=1")]).state == HINT


def test_a_python_out_of_range_is_a_fault():
    assert packages._python(">=3.11,<3.14", "3.10.2").state == MEND
    assert packages._python(">=3.11,<3.14", "3.13.0").state == OK


def test_the_declared_packages_are_those_of_the_extra_alone():
    names = [requirement.name for requirement in packages.declared("train")]
    assert "torch" in names and "click" not in names
    assert not set(packages.extras()) & {"test", "check"}


@pytest.mark.parametrize(("soft", "hard", "state"), [(1024, 4096, OK), (256, -1, OK), (300, 300, HINT), (64, 64, MEND)])
def test_the_limit_of_open_files(soft, hard, state):
    assert machine._files(soft, hard).state == state


@pytest.mark.parametrize(("free", "state"), [(1e11, OK), (1e9, HINT), (1e6, MEND)])
def test_the_space_of_a_disk(free, state, tmp_path):
    finding = machine._space(tmp_path, free)
    assert finding.state == state and str(tmp_path) in finding.text


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path, monkeypatch):
    def refused(dir):
        raise PermissionError(13, "no", str(dir))

    monkeypatch.setattr(machine.tempfile, "TemporaryFile", refused)
    finding = machine._speed(tmp_path)
    assert finding.state == MEND and "Permission denied" in finding.text


def test_the_test_of_the_disk_leaves_nothing(tmp_path):
    assert "MB/s" in machine._speed(tmp_path).text
    assert list(tmp_path.iterdir()) == []


def test_little_memory_is_a_hint():
    assert (machine._memory(10**8).state, machine._memory(10**12).state) == (HINT, OK)


def test_gpus_are_counted_by_model(tmp_path):
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "information").write_text("Model: \t\t NVIDIA H200\nIRQ:   1\n")
    models = machine.gpus(tmp_path)
    assert models == ["NVIDIA H200"] * 3 and "3 x NVIDIA H200" in machine._gpus(models).text
    assert machine._gpus([]).state == OK


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Function that installs a package with a check, and returns the findings of the check."""

    def findings(code, **rest):
        install(tmp_path, monkeypatch, parts.CHECKS, {"mine": "mine:check"}, mine=code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        return parts.findings("mine", **rest)

    return findings


FULL = """
from iebench.manifests.errors import DiskError
def check(folder):
    raise DiskError('no space: free some')
"""
ENDED = """
import os, sys
def check(folder):
    print('no driver', file=sys.stderr, flush=True)
    os._exit(3)
"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os\ndef check(folder):\n    os.kill(os.getpid(), 11)\n", "ended with SIGSEGV"),
        (ENDED, "exit code 3 (no driver)"),
        ("def check(folder):\n    raise ValueError('a bug')\n", "failed in mine.py, line 2 (ValueError: a bug)"),
        ("import gone\n", "cannot be imported"),
        (FULL, "no space: free some"),
    ],
)
def test_a_check_that_fails_is_a_finding(check, code, words):
    (finding,) = check(code)
    assert finding.title == "mine" and finding.state == MEND and words in finding.text


def test_findings_before_a_failure_are_kept(check):
    findings = check(f"{CHECK}    raise RuntimeError('no')\n")
    assert [finding.state for finding in findings] == [OK, MEND]


def test_a_check_that_does_not_end_is_stopped(check):
    (finding,) = check("import time\ndef check(folder):\n    time.sleep(600)\n", patience=0.5)
    assert finding.state == MEND and "has not ended" in finding.text


def test_a_check_of_another_package_runs_with_those_of_complete_extras(check, monkeypatch):
    assert check(CHECK) == [Finding("mine", "seen")]
    monkeypatch.setattr(parts, "complete", lambda extra: False)
    assert list(parts.parts()) == [Finding("mine", "seen")]
    monkeypatch.setattr(parts, "complete", lambda extra: True)
    monkeypatch.setattr(parts, "findings", lambda name: [name])
    assert sorted(parts.parts()) == ["mine", "render", "train"]
