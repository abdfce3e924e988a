"""What a score keeps beside its values so that it can be paired with others: its draws, and values per object.

Both are packed: the least and the greatest number as float64 and one uint16 step between them for each entry, all
little-endian, by zlib, as base64. A step of draws is about a ten-thousandth of their standard deviation.
"""

import base64
import binascii
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.common.causes import reason
from iebench.manifests.errors import InvalidValue

from .bootstrap import Bootstrap, Measured, Resampled
from .metric_info import WHOLE

Array = NDArray[np.float64]
STEPS = 2**16 - 1
ENDS = 16  # bytes of the two ends
PACKED = 2 * 4 / 3  # bytes of a number as text
LARGEST = 2**26  # bytes that are unpacked, far more than the largest dataset needs
MOST = 50_000_000  # numbers drawn for a digest: 400 MB, five times what 3DIEBench needs


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
    InvalidValue : the text does not come from there.
    """
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(base64.b64decode(text, validate=True), LARGEST)
        if not reader.eof:
            raise InvalidValue("they end too early or too late")
        low, high = map(float, np.frombuffer(content[:ENDS], "<f8"))
        steps = np.frombuffer(content[ENDS:], "<u2")
        if not (len(steps) and math.isfinite(high - low)):
            raise InvalidValue("there are none, or none that are finite")
    except (binascii.Error, zlib.error, ValueError) as error:
        raise InvalidValue(f"packed numbers are damaged: {reason(error, 'they do not unpack')}") from error
    values: Array = low + (high - low) * (steps / STEPS)
    return values


@lru_cache(maxsize=16)
def digest_of(objects: int, draws: int, seed: int) -> str | None:
    """The digest of a `Bootstrap` of so many objects; None where its draws would fill the memory."""
    if not 1 <= objects * draws <= MOST or min(objects, seed) < 0:
        return None
    return Bootstrap.of(objects, draws, 0.95, seed).digest  # the level decides what is read off the draws
