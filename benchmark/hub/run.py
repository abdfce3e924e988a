"""Runs on the Hub: settings, log, scores, a card, and last the weights, which make the run complete."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from iebench.manifests.common.causes import read_failure

from ..errors import HubError, InvalidValue, RunError
from ..results.of_run import KINDS
from .kind import Contents, Kind
from .repository import Entry

CONFIG, WEIGHTS, CHECKPOINT, CARD = "config.json", "model.safetensors", "checkpoint.pt", "README.md"
KEPT = (CONFIG, "metrics.jsonl", "metrics.csv", "orbits.json")


class RunKind(Kind):
    """A run of `iebench train`; `kind.Kind` documents the methods. checkpoint : True for its checkpoint too"""

    name, type, home, last = "run", "model", "runs", WEIGHTS

    def __init__(self, checkpoint: bool = False) -> None:
        self._checkpoint = checkpoint

    def claims(self, names: Collection[str]) -> bool:
        return CONFIG in names

    def contents(self, folder: Path, name: str) -> Contents:
        from .card import model_card  # it needs huggingface_hub

        table = settings(folder)
        if not (folder / WEIGHTS).is_file():
            raise RunError(f"{folder} is not finished: run the same `iebench train` with --resume, then push it")
        if self._checkpoint and not (folder / CHECKPOINT).is_file():
            raise RunError(f"{folder} has no {CHECKPOINT}: leave out --checkpoint")
        scores = sorted(path for pattern in KINDS for path in folder.glob(pattern))
        card = model_card(table, scores, name).encode()
        logs = [folder / each for each in (*KEPT, *([CHECKPOINT] if self._checkpoint else []))]
        paths = [*(path for path in logs if path.is_file()), *scores, folder / WEIGHTS]
        return Contents({CARD: card, **{path.name: path for path in paths}})

    def heads(self, entries: Mapping[str, Entry]) -> list[str]:
        return [CONFIG] if CONFIG in entries else []

    def check(self, heads: Path, source: str, entries: Mapping[str, Entry]) -> dict[str, str]:
        settings(heads)
        if WEIGHTS not in entries:
            raise HubError(f"{source} has no {WEIGHTS}: its owner must push the run again")
        patterns = (*KEPT, *KINDS, CHECKPOINT, CARD)
        names = [name for name in entries if any(Path(name).match(p) for p in patterns) and "/" not in name]
        return dict.fromkeys([*names, WEIGHTS], "")

    def identity(self, heads: Path) -> str:
        table = settings(heads)
        return f"{table['method']}, seed {table['seed']}, dataset {table['fingerprint'][:12]}"


def settings(folder: Path) -> dict[str, Any]:
    """Read folder/config.json as JSON, without torch, which its strict reader needs.

    Raises
    ------
    RunError : it is not the config.json of a run.
    """
    path, remedy = folder / CONFIG, "give the folder of a run of `iebench train`"
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(table, dict) or not all(isinstance(table.get(k), str) for k in ("method", "fingerprint")):
            raise InvalidValue("it is not the settings of a run of iebench")
        if not isinstance(table.get("settings"), dict) or not isinstance(table.get("seed"), int):
            raise InvalidValue("it is not the settings of a run of iebench")
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(read_failure(path, error, remedy)) from error
    return table
