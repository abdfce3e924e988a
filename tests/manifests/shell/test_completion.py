"""A shell that read the script completes what was typed."""

import os
import subprocess
import sys

import pytest

from iebench.manifests.shell.completion import SHELLS

PATH = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # noqa: PTH120
TYPED = """
eval "$(iebench completion bash)"
COMP_WORDS=(iebench train --meth) COMP_CWORD=2
_iebench_completion iebench
printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PATH": PATH})


@pytest.mark.slow
def test_bash_completes_an_option() -> None:
    result = run("bash", "-c", TYPED)
    assert result.stdout.split() == ["--method"], result.stderr


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
    script = run("iebench", "completion", shell).stdout
    assert f"_IEBENCH_COMPLETE={shell}_complete" in script


def test_another_shell_is_refused_with_those_that_there_are() -> None:
    result = run("iebench", "completion", "tcsh")
    assert result.returncode == 2
    assert all(shell in result.stderr for shell in SHELLS) and "Traceback" not in result.stderr
