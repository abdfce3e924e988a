"""Bootstrap samples of a score's values, and values per object, stored so that scores can be compared pairwise.

Both are packed: the smallest and the largest number as float64, and a uint16 step between them for each entry, all
little-endian, compressed by zlib, as base64. A step is about a ten-thousandth of the standard deviation of bootstrap
samples.
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

from .bootstrap import Bootstrap, Estimate, Resampled
from .metric_info import WHOLE

Array = NDArray[np.float64]
STEPS = 2**16 - 1
ENDS = 16  # bytes of the two float64 numbers
PACKED = 2 * 4 / 3  # bytes of a number as text
LARGEST = 2**26  # limit of unpacked bytes, far above the needs of the largest dataset
MOST = 50_000_000  # limit of numbers drawn for a digest: 400 MB, five times the needs of 3DIEBench


@dataclass(frozen=True)
class Resamples:
    """The bootstrap samples behind a score's intervals.

    digest : SHA-256 of the multiplicities of objects; scores with the same digest have the same bootstrap samples
    draws : part -> metric -> value in every bootstrap sample, packed
    each : metric -> value within each val object, in the dataset's order, of the whole representation, packed
    """

    digest: str
    draws: dict[str, dict[str, str]]
    each: dict[str, str]

    @staticmethod
    def of(bootstrap: Bootstrap, values: Mapping[str, Mapping[str, Estimate]]) -> "Resamples":
        """Pack the samples of values by part and metric; values without bootstrap samples are skipped."""
        samples = {
            part: {metric: entry for metric, entry in measured.items() if isinstance(entry, Resampled)}
            for part, measured in values.items()
        }
        return Resamples(
            digest=bootstrap.digest,
            draws={part: {metric: pack(e.draws) for metric, e in entries.items()} for part, entries in samples.items()},
            each={metric: pack(e.each) for metric, e in samples[WHOLE].items() if e.each is not None},
        )

    def drawn(self, part: str, metric: str) -> Array | None:
        """Return the value in every bootstrap sample, (draws,); None for a metric without samples."""
        text = self.draws.get(part, {}).get(metric)
        return None if text is None else unpack(text)


def pack(values: Array) -> str:
    """Pack finite numbers (n,) to text, each exact to 1/131070 of their range.

    >>> unpack(pack(np.array([0.0, 0.25, 1.0]))).round(4).tolist()
    [0.0, 0.25, 1.0]
    """
    low, high = float(values.min()), float(values.max())
    scale = STEPS / (high - low) if high > low else 0.0
    steps = np.rint((values - low) * scale).astype("<u2")
    return base64.b64encode(zlib.compress(np.array([low, high], "<f8").tobytes() + steps.tobytes(), 9)).decode()


def unpack(text: str) -> Array:
    """Unpack numbers (n,) that `pack` made.

    Raises
    ------
    InvalidValue : the text is not from `pack`.
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
    """Return the digest of a `Bootstrap` of that many objects; None if its samples need too much memory."""
    if not 1 <= objects * draws <= MOST or min(objects, seed) < 0:
        return None
    return Bootstrap.of(objects, draws, 0.95, seed).digest  # the level does not change the samples
