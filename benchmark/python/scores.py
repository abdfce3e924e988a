"""`score` and `measure_orbits`: what `iebench score` and `iebench orbits` do, for an encoder in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import torch
from torch import Tensor, nn

from iebench.manifests.common.progress import say
from iebench.manifests.text.plain_text import check_name

from .. import protocol as protocols
from ..distributed.device import pick
from ..encoders import registry
from ..encoders.factory import declared
from ..encoders.prepared import Precision
from ..errors import EncoderError, UnknownName, UsageError
from ..features.feature_file import FeatureFile
from ..fitting.context import Suite
from ..protocol import Protocol
from ..results.score import Score
from ..scoring.orbits import MeasuredOrbits, measure_orbits_of
from ..scoring.score import score as score_subject
from ..scoring.subject import Subject, of_encoder, of_features
from ..scoring.wrapping import with_changes, wrapped
from .datasets import Dataset, folder_of
from .runs import Run

ATTRIBUTES = (
    "parts",
    "preprocessing",
    "resolution",
    "predict",
    "embed",
    "latents",
    "maps",
    "map_stages",
)  # see docs/guides/your-encoder.md


def score(
    encoder: nn.Module | Callable[[Tensor], Tensor] | Run | Path | str,
    data: Dataset | Path | str | None = None,
    *,
    ask: Dataset | Path | str | None = None,
    protocol: Protocol | Path | str = "converged",
    name: str | None = None,
    resolution: int | None = None,
    precision: Precision = "float32",
    suite: Suite = "default",
    wrap: str | None = None,
    seed: int = 0,
    device: str = "auto",
    limit: int | None = None,
    trust: bool = False,
) -> Score:
    """Score an encoder on a dataset; `result.save(path)` writes the file that `iebench score` writes.

    A module is scored in eval mode and left as it was. Features are kept in runs/NAME/features, or in the run's folder.

    encoder : a module or a callable from images (B, 3, H, W) float32 in [0, 1] to representations (B, D); a run; what
        --encoder takes, such as "timm:resnet18" or a run's folder; or a Parquet file of features
    data : None for the dataset of the encoder's run, or the newest under data/ if it has no run
    ask : another dataset to measure the probes on, which are trained on `data`; not for a file of features
    protocol : a shipped protocol's name, or a TOML file
    name : of a module or callable in tables; None for that of its class or function
    resolution : side in pixels of the images given to the encoder; None for what it wants, else the dataset's
    suite : "full" to describe the representation's geometry, uncertainty and maps too
    wrap : a wrapper in front of the encoder, such as "c4"; a note of the score says what it changes
    seed : of the probes' weights and orders
    limit : objects per split in a smoke run; None for all
    trust : True to load encoders that may execute code

    Raises
    ------
    EncoderError : the encoder cannot be used.
    DatasetError : the dataset is missing or damaged.
    UsageError : an unknown protocol, precision, device or name.
    """
    if precision not in get_args(Precision):
        raise UnknownName("precision", str(precision), get_args(Precision))
    if suite not in get_args(Suite):
        raise UnknownName("suite", str(suite), get_args(Suite))
    rules = protocol if isinstance(protocol, Protocol) else protocols.load(str(protocol))
    where, folder, target = pick(device), folder_of(data), folder_of(ask)
    with unchanged(encoder) if isinstance(encoder, nn.Module) else nullcontext():
        subject = subject_from(encoder, folder, where, name, trust, resolution, precision)
        if target is not None and (isinstance(subject.encoder, FeatureFile) or suite == "full"):
            raise UsageError("ask needs an encoder, since features are of one dataset, and the default suite")
        alone = None
        if wrap is not None:
            if isinstance(subject.encoder, FeatureFile):
                raise UsageError("wrap needs an encoder, since features are of pictures as they are")
            alone = subject
            subject = wrapped(_loaded(encoder, name, trust), wrap, subject, where, precision, trust)
        for line in subject.introduction():
            say(line)
        subject.check_memory(rules, limit, where)
        scores = [
            score_subject(each.encoder, each.data, each.features, where, rules, seed, limit, suite=suite, ask=target)
            for each in (subject, alone)
            if each is not None
        ]
        return with_changes(scores[1], scores[0]) if wrap is not None else scores[0]


def measure_orbits(
    encoder: nn.Module | Callable[[Tensor], Tensor] | Run | Path | str,
    data: Dataset | Path | str = "data/orbit",
    *,
    name: str | None = None,
    device: str = "auto",
    limit: int | None = None,
    trust: bool = False,
) -> MeasuredOrbits:
    """Measure how features follow one factor that a dataset sweeps, as `iebench orbits` does.

    `result.save(folder)` writes orbits.json and orbits.png; saved in runs/NAME, `Score.plot` and reports draw them too.

    encoder, name, trust : as in `score`, but no file of features
    data : a dataset whose recipe sweeps one factor, such as that of `iebench render --recipe orbit`
    limit : objects per split in a smoke run; None for all

    Raises
    ------
    EncoderError : the encoder cannot be used.
    DatasetError : the dataset is missing, damaged, or sweeps no factor or several.
    UsageError : an unknown device or name.
    """
    where, folder = pick(device), data.folder if isinstance(data, Dataset) else Path(data)
    with unchanged(encoder) if isinstance(encoder, nn.Module) else nullcontext():
        return measure_orbits_of(_loaded(encoder, name, trust), folder, where, limit)


def subject_from(
    encoder: object, data: Path | None, device: torch.device, name: str | None, trust: bool,
    resolution: int | None = None, precision: Precision = "float32",
) -> Subject:  # fmt: skip
    """Return an encoder, given in any of the ways of `score`, with its dataset."""
    if isinstance(encoder, Path | str) and Path(encoder).suffix == ".parquet":
        return of_features(Path(encoder), data)
    return of_encoder(_loaded(encoder, name, trust), data, device, resolution, precision)


@contextmanager
def unchanged(module: nn.Module) -> Iterator[None]:
    """Restore a module's modes, gradients and device when the block ends.

    A module whose parameters lie on several devices ends on that of its first parameter.
    """
    modes = [(part, part.training) for part in module.modules()]
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    home = next((tensor.device for tensor in (*module.parameters(), *module.buffers())), None)
    try:
        yield
    finally:
        if home is not None:
            module.to(home)
        for parameter in learning:
            parameter.requires_grad_(True)
        for part, training in modes:
            part.training = training


class Function(nn.Module):
    """A callable as a module, with the attributes that scoring reads."""

    if TYPE_CHECKING:
        function: Callable[[Tensor], Tensor]

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        for attribute in ATTRIBUTES:
            if hasattr(function, attribute):
                setattr(self, attribute, getattr(function, attribute))

    def forward(self, images: Tensor) -> Tensor:
        """Call the function."""
        return self.function(images)


def _loaded(encoder: object, name: str | None, trust: bool) -> registry.LoadedEncoder:
    """Return an encoder that is given in any of the ways of `score`, not yet prepared."""
    if isinstance(encoder, Run):
        return registry.load(f"run:{encoder.folder}", {})
    if isinstance(encoder, Path | str):
        return registry.load(str(encoder), {}, trust)
    if not callable(encoder):
        raise EncoderError(
            f"encoder is {encoder!r:.80}: give a torch.nn.Module, a callable, a run, or what --encoder takes"
        )
    called = name or getattr(encoder, "__name__", None) or type(encoder).__name__
    called = called if name else registry.named(called.strip("<>"), {})
    check_name(called, "the encoder's name")
    module = encoder if isinstance(encoder, nn.Module) else Function(encoder)
    return declared(called, module, f"encoder {called}")
