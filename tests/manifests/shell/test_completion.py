"""A shell that read the script completes what was typed."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from click.shell_completion import FishComplete
from click.testing import CliRunner

from iebench.manifests.shell.completion import FISH, SHELLS, completion

PATH = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # noqa: PTH120
TYPED = """
eval "$(iebench completion bash)"
COMP_LINE=$1 COMP_POINT=${#1}
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_iebench_completion iebench
printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PATH": PATH})


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("iebench train --meth", ["--method"]),
        ("iebench train --method sie-on", ["sie-only-equi"]),
        ("iebench train --method=sie-on", ["sie-only-equi"]),
        ("iebench score --protocol=", ["converged", "equicaps", "released", "seqjepa", "strict"]),
        ("iebench score --encoder tim", ["timm:"]),
        ("iebench leaderboard --columns top1,knn", ["top1,knn_top1"]),
        ("iebench completion ", ["bash", "zsh", "fish"]),
    ],
)
@pytest.mark.slow
def test_bash_completes_what_is_typed_though_it_divides_words_at_equals_signs(line: str, offered: list[str]) -> None:
    words = [word for word in re.split(r"([=:])| ", line) if word is not None]
    words = [word for word in words if word] + ([""] if line.endswith(" ") else [])
    result = run("bash", "-c", TYPED, "bash", line, *words)
    assert result.stdout.split() == offered, result.stderr


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs the shell fish")
@pytest.mark.slow
def test_fish_completes_a_value_behind_a_comma() -> None:
    typed = 'iebench completion fish | source; complete -C "iebench leaderboard --columns top1,knn"'
    assert run("fish", "-c", typed).stdout.split() == ["top1,knn_top1"]


def test_the_script_of_fish_divides_a_completion_at_its_first_comma_alone() -> None:
    assert FISH[0] in FishComplete.source_template and FISH[1] in CliRunner().invoke(completion, ["fish"]).stdout


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("iebench leaderboard --sort top", {"top1", "top5"}),
        ("iebench leaderboard --columns top1,knn", {"top1,knn_top1"}),
        ("iebench score --wrap c", {"c4", "c8", "canonical-c4", "canonical-c8", "concat:"}),
        ("iebench score --encoder tim", {"timm:"}),
    ],
)
@pytest.mark.slow
def test_values_are_completed(line: str, values: set[str]) -> None:
    typed = {"_IEBENCH_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    environment = {**os.environ, "PATH": PATH, **typed}
    result = subprocess.run(["iebench"], check=False, capture_output=True, text=True, env=environment)
    assert {entry.partition(",")[2] for entry in result.stdout.splitlines()} == values, result.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_of_its_own(shell: str) -> None:
    script = CliRunner().invoke(completion, [shell]).stdout
    assert f"_IEBENCH_COMPLETE={shell}_complete" in script


def test_another_shell_is_refused_with_those_that_there_are() -> None:
    result = run("iebench", "completion", "tcsh")
    assert result.returncode == 2
    assert all(shell in result.stderr for shell in SHELLS) and "Traceback" not in result.stderr
