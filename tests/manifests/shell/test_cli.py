"""The command line: help is fast; an error is one sentence with the right exit code."""

import re
import subprocess
import sys
from importlib.metadata import entry_points

import click
import pytest
from plugins import install

from iebench.manifests.installed import parts
from iebench.manifests.shell import cli
from iebench.manifests.shell.verbs import COMMANDS, VERBS


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "iebench.manifests.shell.cli", *arguments], check=False, capture_output=True, text=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb):
    result = run(verb, "--help")
    assert result.returncode == 0, result.stderr
    assert len(re.findall(rf"\n +iebench {verb}", result.stdout)) in (3, 4)  # examples to copy
    assert "Traceback" not in result.stderr


def test_the_list_says_of_every_verb_what_its_own_help_says_first():
    assert {point.name for point in entry_points(group="iebench.commands")} == set(VERBS)
    for name, verb in VERBS.items():
        command = cli.iebench.get_command(click.Context(cli.iebench), name)
        assert command.help.splitlines()[0] == f"{verb.summary}."


def test_help_lists_the_verbs_in_the_order_of_work():
    lines = run("--help").stdout.split("Commands:")[1]
    positions = [lines.index(f"  {verb} ") for verb in VERBS]
    assert positions == sorted(positions)


@pytest.mark.parametrize("arguments", [[], ["-h"], ["help"]])
def test_the_list_of_verbs_comes_however_it_is_asked_for(arguments):
    expected, printed = run("--help"), run(*arguments)
    assert (printed.stdout, printed.stderr, printed.returncode) == (expected.stdout, "", 0)


@pytest.mark.slow
def test_help_of_a_verb_is_its_help():
    assert run("help", "view").stdout == run("view", "--help").stdout != ""
    assert "did you mean view" in run("help", "veiw").stderr


def test_the_list_imports_no_verb():
    code = """
import sys
from iebench.manifests.shell.cli import main
try:
    main(["--help"])
finally:
    print([*sys.modules], file=sys.stderr)
"""
    modules = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stderr
    assert "iebench.manifests.shell.verbs" in modules
    assert not re.search(r"iebench\.(renderer|benchmark|baselines)\b|numpy|torch|rich", modules)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("iebench le", "leaderboard"),
        ("iebench --h", "--help"),
        ("iebench score --enc", "--encoder --encoder-arg"),
        ("iebench nonsense --h", "--help"),
    ],
)
@pytest.mark.slow
def test_a_shell_completes_verbs_and_options(typed, offered, monkeypatch):
    for name, value in {"COMPLETE": "bash_complete", "WORDS": typed, "CWORD": str(typed.count(" "))}.items():
        monkeypatch.setenv("_IEBENCH_COMPLETE" if name == "COMPLETE" else f"COMP_{name}", value)
    result = run()
    assert result.stdout.split() == [f"plain,{word}" for word in offered.split()] and result.stderr == ""


@pytest.mark.parametrize(
    ("line", "option"),
    [
        (["train", "--name", ""], "--name"), (["train", "--name="], "--name"), (["score", "--run", ""], "--run"),
        (["render", "--out", "", "--classes", "2"], "--out"), (["leaderboard", ""], "leaderboard"), ([""], "iebench"),
    ],
)  # fmt: skip
def test_an_empty_argument_is_refused_before_it_means_the_current_folder(line, option, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        cli.main(line)
    assert stop.value.code == 2 and not [*tmp_path.iterdir()]
    assert capsys.readouterr().err == (
        f"iebench: the value after {option} is empty, perhaps an unset shell variable: give one\n"
    )


def test_a_broken_command_of_another_package_is_listed_and_costs_only_itself(tmp_path, monkeypatch, capsys):
    points = {"theirs": "their_command:theirs", "text": "their_text:text", "score": "their_command:theirs"}
    install(tmp_path, monkeypatch, COMMANDS, points, their_command="1 / 0", their_text="text = 'no command'")
    heard = []
    for arguments in (["--help"], ["theirs"], ["text"], ["score", "--help"]):
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        heard.append((stop.value.code, *capsys.readouterr()))
    assert heard[0][0] == 0 and "  theirs       (of another package: their_command:theirs)" in heard[0][1]
    assert heard[1][0] == 1 and "their_command:theirs, of the command 'theirs', cannot be imported" in heard[1][2]
    assert heard[2][0] == 1 and "their_text:text, of the command 'text', is not a click command" in heard[2][2]
    assert heard[3][0] == 0 and VERBS["score"].summary in heard[3][1]  # no plug-in replaces a command of iebench


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rendre"], "did you mean render"),
        (["render", "--classes", "chiar"], "did you mean chair"),
        (["render", "--source", "shapenit"], "did you mean shapenet"),
        (["render", "--quality", "fats"], "did you mean fast"),
        (["render", "--vews", "3"], "--views"),
        (["import", "3diebnch", "from", "to"], "did you mean 3diebench"),
        (["train", "--method", "siee"], "did you mean sie"),
    ],
)
def test_a_misspelt_word_is_a_usage_error_with_a_suggestion(arguments, words):
    result = run(*arguments)
    assert result.returncode == 2, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("module", "extra", "arguments"), [("bpy", "render", ["render"]), ("torch", "train", ["train"])]
)
@pytest.mark.slow
def test_a_missing_part_says_how_to_get_it(module, extra, arguments, tmp_path):
    hide = f"""
import importlib.util, sys
sys.modules[{module!r}] = None
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == {module!r} else found(name, *rest)
from iebench.manifests.shell.cli import main
main({arguments!r})
"""
    result = subprocess.run([sys.executable, "-c", hide], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    assert f"needs {module}: pip install 'iebench[{extra}]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_wrong_python_for_blender_is_named(monkeypatch):
    monkeypatch.setattr(parts, "BLENDER_PYTHONS", ("3.9",))
    assert "this is Python 3." in str(parts.missing_part("bpy"))


def test_a_missing_system_library_is_named():
    error = ImportError("libXrender.so.1: cannot open shared object file")
    assert "libXrender.so.1" in str(parts.missing_part("bpy", error))


def test_repeatable_options_need_a_value():
    assert cli.pairs("--slurm", ["partition=long", "comment=a=b"]) == {"partition": "long", "comment": "a=b"}
    with pytest.raises(cli.UsageError, match="--slurm partition has no value: write it as --slurm KEY=VALUE"):
        cli.pairs("--slurm", ["partition"])
