"""Plot of orbits: curves over the sweep with the worst object, and below them one row of pixels per object."""

import numpy as np
from matplotlib.figure import Figure

from iebench.manifests.pages.figures import png, styled

from ..results.orbits import CURVES
from ..results.plot import draw_curve
from ..statistics.bootstrap import Bootstrap
from ..statistics.metric_info import WHOLE
from .sweep import Orbits


def draw(found: Orbits, name: str, bootstrap: Bootstrap) -> bytes:
    """Draw a PNG: each curve with intervals, the worst object dashed, and objects x positions as colours."""
    table = found.as_dict(bootstrap)
    with styled():
        figure = Figure(figsize=(11, 6), layout="constrained")
        axes = figure.subplots(2, len(CURVES), sharex=True, height_ratios=(3, 2))
        for column, curve in enumerate(CURVES):
            above, below = axes[0, column], axes[1, column]
            draw_curve(above, table, curve)
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
