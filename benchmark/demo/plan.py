"""The demo as data: its dataset, methods and table, and the commands that make them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MINUTES = 10  # of the whole demo on two CPU cores, about

# The demo in a few lines, sized for these minutes.
DATASET = {
    "recipe": "mini",
    "classes": (
        "airplane,bed,bench,bus,camera,car,chair,display,earphone,faucet,guitar,helmet,laptop,mailbox,motorbike,mug,"
        "piano,pistol,printer,rifle,skateboard,sofa,stove,telephone"
    ),
    "objects-per-class": "30",
    "quality": "draft",
}
"""Options of `iebench render`."""
PRESET = "mini"
METHODS = ("sie", "vicreg", "equin", "random", "supervised-rotation")
COLUMNS = ("top1", "rotation_degrees_mean", "mrr")


@dataclass(frozen=True)
class Step:
    """One command: its arguments, its output file, and the files that the output depends on."""

    arguments: Sequence[str]
    makes: Path
    needs: Sequence[Path] = ()

    @property
    def done(self) -> bool:
        """True if the output exists and is not older than the files it depends on."""
        if not self.makes.is_file():
            return False
        made = self.makes.stat().st_mtime
        return all(need.is_file() and need.stat().st_mtime <= made for need in self.needs)


@dataclass(frozen=True)
class Plan:
    """The commands of the demo; all files are in one folder.

    data : the dataset's folder; runs : folder of the runs
    render : the first command
    methods : for each method its commands, which need one another; methods do not
    compare : the last commands, one after another
    table : arguments that print the table
    """

    data: Path
    runs: Path
    render: Step
    methods: Mapping[str, Sequence[Step]]
    compare: Sequence[Step]
    table: Sequence[str]

    @staticmethod
    def of(out: Path) -> "Plan":
        """Plan the demo in a folder."""
        data, runs = out / DATASET.get("recipe", "builtin"), out / "runs"
        ready = data / "dataset.json"
        scores = {method: runs / method / "score.json" for method in METHODS}
        files = list(map(str, scores.values()))
        size = [word for option, value in DATASET.items() for word in (f"--{option}", value)]
        table = ["leaderboard", *files, "--parts", "--columns", ",".join(COLUMNS)]
        markdown, page = out / "table.md", out / "report.html"
        return Plan(
            data,
            runs,
            Step(["render", *size, "--out", str(data)], ready),
            {method: _method(method, data, runs, ready, score) for method, score in scores.items()},
            (
                Step([*table, "--format", "md", "--out", str(markdown)], markdown, list(scores.values())),
                Step(["report", *files, "--data", str(data), "--out", str(page)], page, list(scores.values())),
            ),
            table,
        )

    @property
    def scores(self) -> list[Path]:
        """Score files of all methods."""
        return [steps[-1].makes for steps in self.methods.values()]

    @property
    def steps(self) -> list[Step]:
        """All commands that make files."""
        return [self.render, *(step for steps in self.methods.values() for step in steps), *self.compare]


def _method(method: str, data: Path, runs: Path, ready: Path, score: Path) -> tuple[Step, Step]:
    """Return the commands that train a method and score it."""
    run = runs / method
    weights = run / "model.safetensors"
    train = ["train", "--method", method, "--preset", PRESET, "--data", str(data), "--name", method, "--out", str(runs)]
    return (
        Step([*train, "--resume"], weights, [ready]),
        Step(["score", "--run", str(run), "--data", str(data), "--out", str(score)], score, [ready, weights]),
    )
