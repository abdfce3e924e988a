"""Files of features, each with a record of its content, so that a changed file is not used.

features/train-0123456789abcdef.npy holds the features. The .json file of the same name holds their shape, the SHA-256
of the file, and the speed of encoding.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.common.causes import read_failure, reason
from iebench.manifests.common.files import save_atomic, write_atomic
from iebench.manifests.common.settings import build

from ..errors import EncoderError, IebenchError, InvalidValue

Shape = tuple[int, int]


@dataclass(frozen=True)
class Encoded:
    """Features (n, dim) float32, memory-mapped, read only; images_per_s : speed of encoding, None if unknown."""

    features: NDArray[np.float32]
    images_per_s: float | None


@dataclass(frozen=True)
class Record:
    """Facts about a file of features.

    shape : rows and columns; sha256 : SHA-256 of the whole file
    images_per_s : speed of encoding, None if unknown
    """

    shape: Shape
    sha256: str
    images_per_s: float | None = None

    def __post_init__(self) -> None:
        if self.images_per_s is not None and not 0 <= self.images_per_s < math.inf:
            raise InvalidValue(f"images_per_s is {self.images_per_s}")


def write(path: Path, shape: Shape, images_per_s: float | None, save: Callable[[Path], object]) -> None:
    """Write a file of features and its record atomically.

    save : function that writes an .npy file of float32 numbers of this shape to a path

    Raises
    ------
    DiskError : no space, or another write error.
    """

    def both(partial: Path) -> None:
        save(partial)
        record = Record(shape, _digest(partial), images_per_s)
        write_atomic(_beside(path), json.dumps(asdict(record)) + "\n")  # first: a file without its record is not used

    save_atomic(path, both)


def check(path: Path, shape: Shape) -> None:
    """Check that a file of features has the bytes that were written.

    Raises
    ------
    InvalidValue : it has other bytes or another shape; gives the reason.
    EncoderError : it cannot be read; it may be intact.
    """
    try:
        record = _record(_beside(path))
        if record.sha256 != _digest(path):
            raise InvalidValue("it was changed after it was written")
        features = np.load(path, mmap_mode="r")
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, EOFError) as error:
        raise InvalidValue(reason(error, "it is not an array of numbers")) from error
    if (features.shape, features.dtype.str) != (shape, "<f4"):
        raise InvalidValue(f"it has {features.dtype} {features.shape}, not float32 {shape}")


def load(path: Path) -> Encoded:
    """Load the features in a file that was just written or checked.

    Raises
    ------
    EncoderError : it was removed or cannot be read.
    """
    try:
        return Encoded(np.load(path, mmap_mode="r"), _record(_beside(path)).images_per_s)
    except (OSError, ValueError, EOFError) as error:  # changed by another process just now
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> EncoderError:
    return EncoderError(read_failure(path, error, f"remove {path.stem}.*, which is made again"))


def _record(path: Path) -> Record:
    if not path.is_file():
        raise InvalidValue(f"there is no {path.name} with its SHA-256 beside it")
    try:
        return build(Record, json.loads(path.read_text(encoding="utf-8")), path.name)
    except (ValueError, TypeError, RecursionError, IebenchError) as error:
        raise InvalidValue(f"{path.name} beside it is damaged") from error


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
