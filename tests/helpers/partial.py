"""Expected output of `iebench` in an environment that lacks some extras; used by tests and by `installs.py`."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from plans import plan_of
from scoring import measured, score_of

from iebench.manifests.shell.verbs import VERBS
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset

SCRIPT = Path(__file__).with_name("command_lines.py")
MISSING = {
    "bare": {
        "render": ("render", "import", "inspect", "view", "symmetry", "demo"),
        "train": ("methods", "train", "runs", "sweep", "convert", "score", "orbits", "compare"),
    },
    "render": {"train": ("methods", "train", "runs", "sweep", "convert", "score", "orbits", "compare", "demo")},
    "train": {"render": ("render", "import", "symmetry", "demo")},
}
"""Install -> an extra that it lacks -> the verbs that must name it."""

HIDDEN = {
    "render": ("bpy", "mathutils", "trimesh", "OpenEXR", "DracoPy", "pebble"),
    "train": ("torch", "safetensors", "tensorboard"),
    "either": ("matplotlib", "simplejpeg"),
}
"""Packages of an extra, and those that both bring."""

ARGUMENTS = {
    "render": ["--classes", "2", "--out", "new"], "import": ["3diebench", "source", "new"], "sweep": ["results"],
    "convert": ["checkpoint", "new"], "compare": ["a", "b"], "symmetry": ["DATASET"], "inspect": ["DATASET"],
    "view": ["DATASET", "KEY"],
}  # fmt: skip
WORKING = {
    "export": ["sie-folder", "DATASET", "exported"], "verify": ["DATASET"], "card": ["DATASET"],
    "validate": ["SCORE"], "leaderboard": ["SCORE"],
    "report": ["SCORE", "--data", "DATASET"], "doctor": [],
}  # fmt: skip
"""Verbs that work in every install."""


def material(folder: Path) -> dict[str, str]:
    """Make a dataset and a score in a folder; return the values of the words in ARGUMENTS and WORKING."""
    info = render_dataset(plan_of(classes="2", per_class=2, views=3), folder / "data", workers=1, backend=FAKE)
    score_of("mine", {"whole": {"top1": measured(0.5)}}, info.fingerprint).save(folder / "score.json")
    return {"DATASET": str(folder / "data"), "SCORE": str(folder / "score.json"), "KEY": "02691156_00000_000"}


def hidden(install: str) -> list[str]:
    """Return the packages that an install of MISSING lacks."""
    lacking = [*MISSING[install], *(["either"] if install == "bare" else [])]
    return [package for extra in lacking for package in HIDDEN[extra]]


def faults(
    python: Sequence[str], install: str, hidden: Sequence[str], folder: Path, words: dict[str, str]
) -> Iterator[str]:
    """Yield the faults in an install's output.

    python : command that runs the install's Python; install : one of MISSING
    hidden : installed packages that must look absent
    folder : empty working folder; words : from `material`
    """
    named = {verb: extra for extra, verbs in MISSING[install].items() for verb in verbs}
    helps = [[], ["--help"], ["--version"], *([verb, "--help"] for verb in VERBS)]
    runs = [[verb, *ARGUMENTS.get(verb, [])] for verb in named] + [[verb, *rest] for verb, rest in WORKING.items()]
    runs = [[words.get(word, word) for word in line] for line in runs]
    lines = helps + runs
    request = json.dumps({"hidden": [*hidden], "lines": lines})
    done = subprocess.run([*python, str(SCRIPT)], input=request, cwd=folder, capture_output=True, text=True, check=True)
    for line, (code, out, err) in zip(lines, json.loads(done.stdout), strict=True):
        extra = named.get(line[0], "") if line in runs else ""
        if extra and (code != 1 or f"pip install 'iebench[{extra}]'" not in err):
            yield f"{install}: iebench {' '.join(line)} does not name [{extra}]: exit code {code}, {err or out}"
        elif not extra and code != 0:
            yield f"{install}: iebench {' '.join(line)} ends with {code}: {err}"
        elif not (out or err).strip() or "Traceback" in err:
            yield f"{install}: iebench {' '.join(line)} says {err or 'nothing'}"
    yield from _list_faults(install, named, json.loads(done.stdout)[0][1])


def _list_faults(install: str, named: dict[str, str], text: str) -> Iterator[str]:
    """Yield verbs that the list of commands lacks, or has under the wrong extra."""
    heading = ""
    seen = {}
    for line in text.splitlines():
        heading = line if line.startswith("Commands") else heading
        if heading and line.startswith("  ") and line.split()[0] in VERBS:
            seen[line.split()[0]] = heading
    for verb in VERBS:
        right = f"iebench[{named[verb]}]" if verb in named else "Commands:"
        if right not in seen.get(verb, ""):
            yield f"{install}: the list has {verb} under {seen.get(verb, 'nothing')!r}"
