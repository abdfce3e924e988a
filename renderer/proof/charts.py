"""Charts of a dataset: histograms of latents with their laws, and face counts of the meshes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from iebench.manifests.factors import Factor
from iebench.manifests.laws import support
from iebench.manifests.reading.samples import Samples

BINS = 36
COLUMNS = 4
BAR, LAW = "#4c8fd6", "#d9772b"  # readable on white and on black


def latents_figure(samples: Samples) -> Figure:
    """Draw a histogram of each factor, with the values expected from its law as a line; angles in degrees."""
    recipe, values = samples.info.recipe, samples.latents()
    rows = -(-len(recipe.factors) // COLUMNS)
    figure = Figure(figsize=(11, 2.15 * rows + 0.35), layout="constrained")
    for index, factor in enumerate(recipe.factors):
        axes = figure.add_subplot(rows, COLUMNS, index + 1)
        scale = 180 / np.pi if factor.unit == "rad" else 1.0
        edges = _edges(factor, values[factor.name])
        axes.stairs(np.histogram(values[factor.name], edges)[0], edges * scale, fill=True, color=BAR, alpha=0.75)
        axes.stairs(len(values[factor.name]) * np.diff(factor.law.cdf(edges)), edges * scale, color=LAW, linewidth=1.6)
        axes.set_title(factor.name, fontsize=10)
        axes.set_xlabel("degrees" if factor.unit == "rad" else factor.unit)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", nbins=5)
        axes.locator_params(axis="y", nbins=4)
        _plain(axes)
    handles = [figure.axes[0].patches[0], figure.axes[0].patches[1]]
    figure.legend(handles, ["images", "expected from the law"], loc="outside lower center", ncols=2, frameon=False)
    return figure


def _edges(factor: Factor, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return bin edges over the law's range and all values; a value on an edge falls into the bin above it."""
    low, high = support(factor.law)
    low, high = min(low, float(values.min())), max(high, float(values.max()))
    margin = (high - low or 1.0) * 1e-9
    return np.linspace(low - margin, high + margin, BINS + 1)


def faces_figure(objects: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw a histogram of the number of faces; objects : rows of objects.parquet, some with faces."""
    faces = [note["faces"] for note in objects if note["faces"]]
    figure = Figure(figsize=(5.5, 2.2), layout="constrained")
    axes = figure.add_subplot()
    low, high = min(faces), max(faces)
    axes.hist(faces, np.geomspace(low * 0.9, high * 1.1, 30).tolist(), color=BAR, alpha=0.75)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("faces")
    axes.set_ylabel("objects")
    axes.locator_params(axis="y", nbins=4)
    _plain(axes)
    return figure


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.patch.set_alpha(0)
    axes.set_axisbelow(True)
