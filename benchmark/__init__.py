"""Train, score and compare, from Python as from the command line; see docs/guides/python.md.

Importing this package loads neither torch nor a dataset: each name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "ComparedEncoders", "Dataset", "Leaderboard", "MeasuredOrbits", "Run", "Score", "compare", "leaderboard",
    "measure_orbits", "open_dataset", "score", "train",
]  # fmt: skip

if TYPE_CHECKING:
    from .python.boards import Leaderboard, leaderboard
    from .python.comparisons import ComparedEncoders, compare
    from .python.datasets import Dataset, open_dataset
    from .python.runs import Run, train
    from .python.scores import measure_orbits, score
    from .results.score import Score
    from .scoring.orbits import MeasuredOrbits
else:
    _MODULES = {
        "Leaderboard": "python.boards", "leaderboard": "python.boards", "Dataset": "python.datasets",
        "open_dataset": "python.datasets", "Run": "python.runs", "train": "python.runs", "score": "python.scores",
        "ComparedEncoders": "python.comparisons", "compare": "python.comparisons", "Score": "results.score",
        "measure_orbits": "python.scores", "MeasuredOrbits": "scoring.orbits",
    }  # fmt: skip

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)

    def __dir__():
        return sorted({*globals(), *__all__})
