"""What a score keeps beside its values so that it can be paired with others: its draws, and values per object.

Both are packed: the least and the greatest number as float64 and one uint16 step between them for each entry, all
little-endian, by zlib, as base64. A step of draws is about a ten-thousandth of their standard deviation.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Bootstrap, Measured, Resampled
from .measures import WHOLE

Array = NDArray[np.float64]
STEPS = 2**16 - 1
ENDS = 16  # bytes of the two ends


@dataclass(frozen=True)
class Resamples:
    """The draws behind a score's intervals.

    digest : SHA-256 of which objects are in which draw; scores with the same digest have the same draws
    draws : part -> metric -> the value in every draw, packed
    each : metric -> the value within each val object, in the dataset's order, of the whole representation, packed
    """

    digest: str
    draws: dict[str, dict[str, str]]
    each: dict[str, str]

    @staticmethod
    def of(bootstrap: Bootstrap, values: Mapping[str, Mapping[str, Measured]]) -> "Resamples":
        """Those of some values by part and metric; a value that was not resampled has none."""
        found = {
            part: {metric: entry for metric, entry in measured.items() if isinstance(entry, Resampled)}
            for part, measured in values.items()
        }
        return Resamples(
            digest=bootstrap.digest,
            draws={part: {metric: pack(e.draws) for metric, e in entries.items()} for part, entries in found.items()},
            each={metric: pack(e.each) for metric, e in found[WHOLE].items() if e.each is not None},
        )

    def drawn(self, part: str, metric: str) -> Array | None:
        """The value in every draw, (draws,); None for a metric that was not resampled."""
        text = self.draws.get(part, {}).get(metric)
        return None if text is None else unpack(text)


def pack(values: Array) -> str:
    """Finite numbers (n,) as text, each within 1/131070 of their range.

    >>> unpack(pack(np.array([0.0, 0.25, 1.0]))).round(4).tolist()
    [0.0, 0.25, 1.0]
    """
    low, high = float(values.min()), float(values.max())
    scale = STEPS / (high - low) if high > low else 0.0
    steps = np.rint((values - low) * scale).astype("<u2")
    return base64.b64encode(zlib.compress(np.array([low, high], "<f8").tobytes() + steps.tobytes(), 9)).decode()


def unpack(text: str) -> Array:
    """The numbers (n,) that `pack` made into text.

    Raises
    ------
    ValueError : the text does not come from there.
    """
    try:
        content = zlib.decompress(base64.b64decode(text, validate=True))
        low, high = np.frombuffer(content[:ENDS], "<f8")
        steps = np.frombuffer(content[ENDS:], "<u2")
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"packed numbers are damaged: {error}") from error
    values: Array = low + (high - low) * (steps / STEPS)
    return values
