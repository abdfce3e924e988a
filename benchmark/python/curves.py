"""Picture of a run: each value of its log over the steps."""

from collections.abc import Sequence

from iebench.manifests.pages.figures import Picture, styled

from ..errors import RunError
from ..training.log import TIMES

COLUMNS, MOST = 3, 18  # panels


def figure(history: Sequence[dict[str, float]], name: str) -> Picture:
    """Draw a panel for each value that a run logged, the loss first.

    history : lines of metrics.jsonl, each with its step

    Raises
    ------
    RunError : nothing was logged.
    """
    values = dict.fromkeys(value for line in history for value in line if value not in ("step", *TIMES))
    shown = list(values)[:MOST]
    if not shown:
        raise RunError(f"the run {name} has logged nothing to plot: train it first")
    rows = -(-len(shown) // COLUMNS)
    columns = min(COLUMNS, len(shown))
    with styled():
        picture = Picture(figsize=(3.4 * columns, 0.5 + 2.1 * rows), layout="constrained")
        for number, value in enumerate(shown):
            axes = picture.add_subplot(rows, columns, number + 1)
            points = [(line["step"], line[value]) for line in history if value in line]
            axes.plot(*zip(*points, strict=True), marker="." if len(points) < 20 else "")
            axes.set_title(value.replace("_", " "), fontsize=10)
            axes.spines[["top", "right"]].set_visible(False)
            if number + columns >= len(shown):
                axes.set_xlabel("step")
        picture.suptitle(name)
    return picture
