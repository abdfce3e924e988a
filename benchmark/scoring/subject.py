"""An encoder, or a file of features, with the dataset that it is scored on."""

from dataclasses import dataclass
from pathlib import Path

import torch

from iebench.manifests.dataset import DatasetInfo, newest

from ..encoders.prepared import Precision, PreparedEncoder, prepare
from ..encoders.registry import LoadedEncoder
from ..encoders.run import data_of
from ..features.feature_file import FeatureFile
from ..protocol import Protocol
from . import footprint


@dataclass(frozen=True)
class Subject:
    """An encoder, or a file of features, with the dataset that it is scored on.

    data : the dataset's folder
    home : folder of the features and the score file
    shared : True if other encoders may have the same home; False if only earlier states of this one
    """

    encoder: PreparedEncoder | FeatureFile
    data: Path
    home: Path
    shared: bool = True

    @property
    def features(self) -> Path:
        """Folder of the feature files."""
        return self.home / "features"

    def introduction(self) -> list[str]:
        """Return lines for the screen about what an encoder does to images; [] for a file of features."""
        if isinstance(self.encoder, FeatureFile):
            return []
        return self.encoder.introduction(DatasetInfo.load(self.data).recipe.resolution)

    def check_memory(self, protocol: Protocol, limit: int | None, device: torch.device) -> None:
        """Check that the probes of a protocol fit into memory; see `footprint.check`."""
        widths = [self.encoder.dim, *(part.stop - part.start for part in self.encoder.parts.values())]
        method = self.encoder.method if isinstance(self.encoder, PreparedEncoder) else None
        footprint.check(protocol, DatasetInfo.load(self.data), limit, widths, device, method)


def dataset_of(loaded: LoadedEncoder) -> Path:
    """Return the dataset of the encoder's run, or the newest under data/ if it has no run.

    Raises
    ------
    DatasetError, RunError : no such dataset.
    """
    return newest() if loaded.run is None or loaded.home is None else data_of(loaded.home)


def of_encoder(
    loaded: LoadedEncoder, data: Path | None, device: torch.device, resolution: int | None = None,
    precision: Precision = "float32",
) -> Subject:  # fmt: skip
    """Prepare a loaded encoder for a dataset.

    data : None for the dataset of the encoder's run, or the newest under data/ if it has no run
    resolution : side of the images in pixels; None for what the encoder wants, else the dataset's

    Raises
    ------
    DatasetError, RunError : no such dataset.
    EncoderError : see `prepare`.
    """
    home = loaded.home or Path("runs") / loaded.name
    data = data or dataset_of(loaded)
    stored = DatasetInfo.load(data).recipe.resolution
    encoder = prepare(loaded, resolution or loaded.side(stored), device, precision)
    return Subject(encoder, data, home, shared=loaded.home is None)


def of_features(table: Path, data: Path | None) -> Subject:
    """Open a Parquet file of features for a dataset; None for the newest under data/.

    Raises
    ------
    DatasetError : no such dataset.
    FeatureError : see `FeatureFile.open`.
    """
    data = data or newest()
    return Subject(FeatureFile.open(table, data), data, Path("runs") / table.stem)
