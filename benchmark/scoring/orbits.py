"""Orbits of an encoder: features of a swept dataset, measured along the sweep, with the files that hold the curves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.progress import say
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.factors import Factor
from iebench.manifests.installed.parts import require_plots

from ..distributed.ranks import ALONE
from ..encoders.prepared import PreparedEncoder, prepare
from ..encoders.registry import LoadedEncoder
from ..errors import EncoderError
from ..orbits.sweep import Orbits, orbits, swept
from ..protocol import load
from ..results.orbits import FORMAT, NAME
from ..statistics.bootstrap import Bootstrap
from ..statistics.metric_info import WHOLE
from ..statistics.ridge import WIDE
from .score import encode_splits

PICTURE = "orbits.png"


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredOrbits:
    """Curves of an encoder over a swept factor.

    name, weights : of the encoder; dataset : fingerprint; limit : objects per split in a smoke run, else None
    orbits : curves of every val object; bootstrap : of the val objects
    """

    name: str
    weights: str
    dataset: str
    limit: int | None
    orbits: Orbits
    bootstrap: Bootstrap

    @cached_property
    def table(self) -> dict[str, Any]:
        """Content of orbits.json: `table["parts"]["whole"]["similarity"]["mean"]` is a curve over `table["places"]`."""
        about = {
            "format": FORMAT, "name": self.name, "weights": self.weights, "dataset": self.dataset,
            "objects": len(self.orbits.curves[WHOLE]["similarity"]), "limit": self.limit,
        }  # fmt: skip
        return {**about, **self.orbits.as_dict(self.bootstrap)}

    def save(self, folder: Path | str) -> list[Path]:
        """Write orbits.json and orbits.png into a folder, as `iebench orbits` does; return their paths.

        Raises
        ------
        MissingPart : matplotlib is not installed.
        """
        paths = [Path(folder) / NAME, Path(folder) / PICTURE]
        picture = self.picture()
        write_atomic(paths[0], json.dumps(self.table, indent=1, allow_nan=False) + "\n")
        write_atomic(paths[1], picture)
        return paths

    def picture(self) -> bytes:
        """Draw the curves as a PNG: means with intervals, the worst object dashed, all objects as colours.

        Raises
        ------
        MissingPart : matplotlib is not installed.
        """
        require_plots()
        from ..orbits.plot import draw

        return draw(self.orbits, self.name, self.bootstrap)

    def lines(self) -> Iterator[str]:
        """Yield one line for each curve: mean over the orbit with its interval, and its worst values."""
        for curve, line in self.table["parts"][WHOLE].items():
            value, low, high = line["over_orbit"]
            worst, (position, worst_value) = line["worst_of_each"][0], line["worst_place"]
            yield (
                f"{curve.replace('_', ' ')}: {value:.3g} [{low:.3g}, {high:.3g}] over the orbit; {worst:.3g} at each "
                f"object's worst position; {worst_value:.3g} at the worst position, {position:.0f} {self.orbits.unit}"
            )

    def __repr__(self) -> str:
        return "\n".join([f"orbit of {self.orbits.factor}: {self.name}", *self.lines()])

    def _repr_png_(self) -> bytes:
        return self.picture()  # what notebooks show


def measure_orbits_of(loaded: LoadedEncoder, data: Path, device: torch.device, limit: int | None) -> MeasuredOrbits:
    """Encode a swept dataset and measure the curves; features are kept in the encoder's folder.

    Raises
    ------
    DatasetError : no such dataset, or one that sweeps no factor or several.
    EncoderError : the encoder cannot be used, or its representation is too wide.
    """
    recipe, protocol = DatasetInfo.load(data).recipe, load()
    factor, encoder = prepared_for_orbits(loaded, data, device)
    for line in encoder.introduction(recipe.resolution):
        say(line)
    features = home_of(loaded) / "features"
    train, val = encode_splits(encoder, data, features, device, protocol, 0, limit, ALONE)
    curves = orbits(train.split, val.split, {WHOLE: slice(0, encoder.dim), **encoder.parts}, factor)
    bootstrap = Bootstrap.of(val.split.objects, protocol.draws, protocol.level, protocol.pair_seed)
    return MeasuredOrbits(encoder.name, encoder.weights, val.fingerprint, limit, curves, bootstrap)


def prepared_for_orbits(loaded: LoadedEncoder, data: Path, device: torch.device) -> tuple[Factor, PreparedEncoder]:
    """Return the factor that a dataset sweeps, and the prepared encoder; see `measure_orbits_of` for the errors."""
    recipe = DatasetInfo.load(data).recipe
    factor = swept(recipe, data)
    encoder = prepare(loaded, loaded.side(recipe.resolution), device)
    if encoder.dim > WIDE:
        raise EncoderError(
            f"orbits are read from at most {WIDE:,} columns and encoder {encoder.name} has {encoder.dim:,}: pool or "
            "project its features"
        )
    return factor, encoder


def home_of(loaded: LoadedEncoder) -> Path:
    """Return the folder of an encoder's features and results."""
    return loaded.home or Path("runs") / loaded.name
