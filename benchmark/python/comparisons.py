"""`compare`: what `iebench compare` does, for encoders in memory."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from iebench.manifests.common.files import write_atomic
from iebench.manifests.installed.parts import require_plots

from .. import protocol as protocols
from ..comparing.compare import Comparison, compared
from ..comparing.output import screen
from ..distributed.device import pick
from ..protocol import Protocol
from .datasets import Dataset, folder_of
from .runs import Run
from .scores import subject_from, unchanged

Encoder = nn.Module | Callable[[Tensor], Tensor] | Run | Path | str


@dataclass(frozen=True, eq=False, repr=False)
class ComparedEncoders:
    """The comparison of two encoders: prints as the command does; a notebook shows its picture.

    numbers : every measure: `numbers.similarity["linear_cka"].value`, `numbers.as_dict()`
    """

    numbers: Comparison

    def __repr__(self) -> str:
        return screen(self.numbers)

    def _repr_png_(self) -> bytes:
        return self.picture()

    def picture(self) -> bytes:
        """Draw the comparison as a PNG.

        Raises
        ------
        MissingPart : matplotlib is not installed.
        """
        require_plots()
        from ..comparing.plot import draw

        return draw(self.numbers)

    def save(self, path: Path | str) -> None:
        """Write the picture to a PNG file."""
        write_atomic(Path(path), self.picture())


def compare(
    first: Encoder,
    second: Encoder,
    data: Dataset | Path | str | None = None,
    *,
    names: tuple[str | None, str | None] = (None, None),
    protocol: Protocol | Path | str = "converged",
    device: str = "auto",
    limit: int | None = None,
    trust: bool = False,
) -> ComparedEncoders:
    """Compare the representations of two encoders on one dataset, as `iebench compare` does.

    first, second : encoders, as for `score`
    data : None for the dataset of the first encoder's run, or the newest under data/ if it has no run
    names : of modules or callables; None for those of their classes or functions
    protocol : for the val objects and the intervals: a shipped protocol's name, or a TOML file
    limit : objects per split in a smoke run; None for all
    trust : True to load encoders that may execute code

    Raises
    ------
    EncoderError : an encoder cannot be used, or is too wide or constant.
    DatasetError : the dataset is missing or damaged.
    UsageError : too few objects; an unknown protocol, device or name.
    """
    rules = protocol if isinstance(protocol, Protocol) else protocols.load(str(protocol))
    where, folder = pick(device), folder_of(data)
    with ExitStack() as stack:
        for encoder in (first, second):
            if isinstance(encoder, nn.Module):
                stack.enter_context(unchanged(encoder))
        left = subject_from(first, folder, where, names[0], trust)
        right = subject_from(second, left.data, where, names[1], trust)
        return ComparedEncoders(compared([left, right], where, rules, limit))
