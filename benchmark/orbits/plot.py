"""Plot of orbits: curves over the sweep with the worst object, and below them one row of pixels per object."""

import numpy as np
from matplotlib.figure import Figure

from iebench.manifests.pages.figures import png, styled

from ..results.orbits import CURVES
from ..results.plot import draw_curve
from ..statistics.bootstrap import Bootstrap
from ..statistics.metric_info import WHOLE
from .sweep import Orbits


def draw(orbits: Orbits, name: str, bootstrap: Bootstrap) -> bytes:
    """Draw a PNG: each curve with intervals, the worst object dashed, and objects x positions as colours."""
    table = orbits.as_dict(bootstrap)
    with styled():
        figure = Figure(figsize=(11, 6), layout="constrained")
        axes = figure.subplots(2, len(CURVES), sharex=True, height_ratios=(3, 2))
        for column, curve in enumerate(CURVES):
            above, below = axes[0, column], axes[1, column]
            draw_curve(above, table, curve)
            values = orbits.curves[WHOLE][curve]
            order = np.argsort(values.mean(1), kind="stable")
            step = (orbits.places[-1] - orbits.places[0]) / max(1, len(orbits.places) - 1) / 2
            extent = (orbits.places[0] - step, orbits.places[-1] + step, len(values), 0)
            shown = below.imshow(values[order], aspect="auto", extent=extent, interpolation="nearest")
            below.set_xlabel(f"{orbits.factor}, {orbits.unit}")
            figure.colorbar(shown, ax=below)
        axes[0, 0].legend(frameon=False, fontsize=8)
        axes[1, 0].set_ylabel(f"val objects, {WHOLE}")
        figure.suptitle(f"{name}: over the orbit of {orbits.factor}", fontsize=11)
        return png(figure)
