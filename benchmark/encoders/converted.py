"""Folders written by `iebench convert`: --encoder converted/sie."""

from pathlib import Path

from iebench.baselines.capsule_method import CapsuleMethod
from iebench.baselines.networks.encoder import Encoder

from ..released import converted
from .maps.reader import NetworkMaps
from .registry import Arguments, LoadedEncoder, loader, no_arguments

# A head trained here averages maps of other sizes to its own, in training too; a released one has seen one size.
WITHOUT_CAPSULES = "convert the checkpoint again with --drop projector, for its encoder alone"


@loader("converted", claims=lambda spec: (Path(spec) / converted.FACTS).is_file())
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a converted checkpoint, with its parts, its predictor and the resolution it was trained on.

    Raises
    ------
    ConversionError : the folder is damaged.
    """
    no_arguments(spec, arguments)
    folder = Path(spec)
    module, method, resolution = converted.load(folder)
    encoder = method.encoder if method is not None else module
    return LoadedEncoder(
        name=folder.resolve().name,
        module=module,
        resolution=resolution,
        fixed=WITHOUT_CAPSULES if isinstance(method, CapsuleMethod) else "",
        preprocessing=encoder.preprocessing if isinstance(encoder, Encoder) else "",
        parts={} if method is None else method.parts,
        beside=0 if method is None else method.beside,
        predictor=method if method is not None and method.has_predictor else None,
        method=method,
        maps=NetworkMaps(encoder.backbone, encoder) if isinstance(encoder, Encoder) else None,
        home=folder,
    )
