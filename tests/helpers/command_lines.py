"""Runs `iebench` command lines in one process, where some packages may be hidden, and prints the output of each.

python tests/helpers/command_lines.py < REQUEST        {"hidden": ["torch"], "lines": [["--help"], ["train", "--help"]]}
"""

import contextlib
import importlib.util
import io
import json
import sys


def hide(packages):
    """Make packages look as if they were not installed."""
    find = importlib.util.find_spec

    class Hidden:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in packages:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Hidden())
    importlib.util.find_spec = lambda name, *rest: None if name in packages else find(name, *rest)


def output(line):
    """Return exit code, standard output and standard error of a command line."""
    from iebench.manifests.shell.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(line)
        except SystemExit as stop:
            return stop.code, out.getvalue(), err.getvalue()
        except Exception as error:
            return "traceback", out.getvalue(), f"{err.getvalue()}{error!r}"


if __name__ == "__main__":
    request = json.load(sys.stdin)
    hide(request["hidden"])
    json.dump([output(line) for line in request["lines"]], sys.stdout)
