"""Checks that the parts of iebench, and other packages, contribute; each runs in a process of its own.

A crash inside Blender or PyTorch ends only that process, and is reported. A check is a function that takes a
temporary folder and yields findings; it is named in the entry point group `iebench.checks`. A check with the name of
an extra runs only where that extra is installed.

python -m iebench.manifests.doctor.parts NAME FOLDER      # writes FOLDER/NAME.json
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from signal import Signals

from ..common.causes import origin_of, reason
from ..common.progress import duration
from ..errors import IebenchError
from ..installed.plugins import blamed
from ..installed.registry import Registry
from .finding import MEND, Finding
from .packages import complete, extras

PATIENCE = 300.0  # seconds
CHECKS: Registry[Callable[[Path], Iterable[Finding]]] = Registry(
    "check", "iebench.checks", fault=lambda check: "" if callable(check) else "is not a function"
)


def parts() -> Iterator[Finding]:
    """Yield the findings of all checks that can run with what is installed."""
    for name in CHECKS:
        if name not in extras() or complete(name):
            yield from findings(name)


def findings(name: str, patience: float = PATIENCE) -> list[Finding]:
    """Run one check in a child process; return its findings, the last of which may be its failure."""
    with tempfile.TemporaryDirectory(prefix="iebench-doctor-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        command = [sys.executable, "-m", __name__, name, scratch]
        with (folder / "stderr").open("wb") as errors:
            try:
                done = subprocess.run(command, stdout=errors, stderr=errors, timeout=patience, check=False)
            except subprocess.TimeoutExpired:
                return [_failed(name, f"it has not ended after {duration(patience)}: is the machine busy?")]
        if done.returncode:
            return [_failed(name, _end(done.returncode, folder / "stderr"))]
        return [Finding(**entry) for entry in json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))]


def collected(name: str, folder: Path) -> list[Finding]:
    """Run a check in this process; an error ends it and becomes its last finding."""
    results: list[Finding] = []
    try:
        results.extend(CHECKS[name](folder))
    except IebenchError as error:
        results.append(_failed(name, str(error)))
    except Exception as error:
        known = isinstance(error, OSError | MemoryError | ImportError)
        text = blamed(error) or (reason(error, origin_of(error)) if known else origin_of(error))
        results.append(_failed(name, text))
    return results


def _failed(name: str, text: str) -> Finding:
    return Finding(name, text, MEND)


def _end(code: int, errors: Path) -> str:
    """Describe the end of a child process that wrote no findings."""
    lines = errors.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it gives no reason")
    return f"its process ended with {Signals(-code).name if code < 0 else f'exit code {code}'} ({last})"


if __name__ == "__main__":
    chosen, target = sys.argv[1], Path(sys.argv[2])
    entries = [asdict(finding) for finding in collected(chosen, target)]
    (target / f"{chosen}.json").write_text(json.dumps(entries), encoding="utf-8")
