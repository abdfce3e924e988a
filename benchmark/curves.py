"""Training curves as one SVG picture: a panel per loss term, a line per run."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from iebench.manifests.common.figures import styled, svg

from .log import TIMES

COLUMNS = 3
Log = Sequence[Mapping[str, float]]
"""Lines of metrics.jsonl: "step" and values."""


def curves(logs: Mapping[str, Log]) -> str:
    """An <svg> element of every run's loss terms over steps; "" when no run logged any.

    logs : run name -> its lines
    """
    terms = list(dict.fromkeys(key for log in logs.values() for line in log for key in line))
    terms = [term for term in terms if term != "step" and term not in TIMES]
    if not terms:
        return ""
    rows = -(-len(terms) // COLUMNS)
    with styled():
        figure = Figure(figsize=(11, 2.6 * rows + 0.5), layout="constrained")
        for i, term in enumerate(terms):
            axes = figure.add_subplot(rows, COLUMNS, i + 1)
            for number, (run, log) in enumerate(logs.items()):
                points = [(line["step"], line[term]) for line in log if term in line]
                if points:
                    axes.plot(*zip(*points, strict=True), color=f"C{number}", linewidth=1.4, label=run)
            axes.set_title(term.replace("_", " "), fontsize=10)
            axes.set_xlabel("step")
            axes.spines[["top", "right"]].set_visible(False)
            axes.patch.set_alpha(0)
        handles = {label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels())}  # noqa: B905
        figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4, frameon=False)
        return svg(figure)
