"""Plot of orbits: curves over the sweep with the worst object, and below them one row of pixels per object."""

import numpy as np
from matplotlib.figure import Figure

from iebench.manifests.pages.figures import png, styled

from ..statistics.bootstrap import Bootstrap
from ..statistics.metric_info import WHOLE
from .file import CURVES
from .sweep import Orbits


def draw(found: Orbits, name: str, bootstrap: Bootstrap) -> bytes:
    """Draw a PNG: each curve with intervals, the worst object dashed, and objects x positions as colours."""
    table = found.as_dict(bootstrap)
    with styled():
        figure = Figure(figsize=(11, 6), layout="constrained")
        axes = figure.subplots(2, len(CURVES), sharex=True, height_ratios=(3, 2))
        for column, (curve, about) in enumerate(CURVES.items()):
            above, below = axes[0, column], axes[1, column]
            for number, (part, curves) in enumerate(table["parts"].items()):
                line, color = curves[curve], f"C{number}"
                above.plot(found.places, line["mean"], color=color, label=part)
                above.fill_between(found.places, line["low"], line["high"], color=color, alpha=0.25, linewidth=0)
                if part == WHOLE and curve != "class_error":  # its worst object is wrong almost everywhere
                    above.plot(
                        found.places, line["worst"], color=color, linestyle="--", linewidth=1, label="worst object"
                    )
            above.set_title(about, fontsize=10)
            values = found.found[WHOLE][curve]
            order = np.argsort(values.mean(1), kind="stable")
            step = (found.places[-1] - found.places[0]) / max(1, len(found.places) - 1) / 2
            extent = (found.places[0] - step, found.places[-1] + step, len(values), 0)
            shown = below.imshow(values[order], aspect="auto", extent=extent, interpolation="nearest")
            below.set_xlabel(f"{found.factor}, {found.unit}")
            figure.colorbar(shown, ax=below)
        axes[0, 0].legend(frameon=False, fontsize=8)
        axes[1, 0].set_ylabel(f"val objects, {WHOLE}")
        figure.suptitle(f"{name}: over the orbit of {found.factor}", fontsize=11)
        return png(figure)
