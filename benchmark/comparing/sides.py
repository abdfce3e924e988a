"""The sides of a comparison on the command line: runs, files of features, encoders."""

from pathlib import Path

import torch

from ..encoders import registry
from ..errors import EncoderError
from ..scoring.subject import Subject, of_encoder, of_features


def subject_of(spec: str, data: Path | None, device: torch.device, trust: bool) -> Subject:
    """Open an encoder: a run's folder or its score.json, a Parquet file of features, or what --encoder takes.

    data : None for the dataset of its run, or the newest under data/

    Raises
    ------
    EncoderError, RunError, DatasetError : there is none, or no such dataset.
    """
    path = Path(spec)
    if path.suffix == ".parquet":
        return of_features(path, data)
    if path.suffix == ".json":
        if not path.is_file():
            raise EncoderError(f"no such file: {spec}; name a run's folder, an encoder or a file of features")
        spec = str(path.parent)
    return of_encoder(registry.load(spec, {}, trust), data, device)
