"""Models of timm: --encoder timm:vit_small_patch16_224.dino [--encoder-arg pretrained=false]."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iebench.manifests.common.causes import read_failure

from ..errors import EncoderError, UnknownName
from ..results.score import UNTRAINED
from ..weights.archive import check_sums
from ..weights.tensors_only import weights_only
from .maps.reader import TimmMaps
from .preprocess import PreparedMaps, Preprocessed, package, unfetched
from .registry import Arguments, LoadedEncoder, loader, named


@loader("timm")
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a model of timm without its classifier, with its pretrained weights, size and normalisation.

    arguments : for timm.create_model, such as pretrained=false; or checkpoint_path=FILE, whose classifier is ignored

    Raises
    ------
    MissingPart : timm cannot be imported.
    UnknownName : timm has no such model.
    EncoderError : its weights cannot be downloaded or do not fit, or timm refuses an argument.
    """
    timm = package("timm", f"timm:{spec}")
    local = spec.startswith(("hf-hub:", "local-dir:"))
    if not local and not timm.is_model(spec):
        raise UnknownName("timm model", spec, timm.list_models())
    options = dict(arguments)
    file = options.pop("checkpoint_path", None)
    try:
        with weights_only():
            model = timm.create_model(spec, **{"pretrained": file is None, "num_classes": 0, **options})
    except Exception as error:  # no network, no such weights, or a refused argument
        raise unfetched(
            f"timm:{spec}", error, "fetch its weights first, or --encoder-arg pretrained=false", options
        ) from error
    if file is not None:
        _fill(timm, model, Path(str(file)))
    wants = timm.data.resolve_model_data_config(model)
    module = Preprocessed(model, wants["input_size"][-1], wants["mean"], wants["std"], wants["interpolation"])
    name = named(f"timm.{spec}", arguments)
    maps = PreparedMaps(module, TimmMaps(model))
    tag = model.pretrained_cfg.get("tag") or "default"
    pretrained = f"that of timm's weights {tag}" if options.get("pretrained", True) else UNTRAINED
    data = pretrained if file is None else ""
    return LoadedEncoder(
        name, module, module.size, resizes=True, preprocessing=module.preprocessing, training_data=data, maps=maps
    )


def _fill(timm: Any, model: Any, file: Path) -> None:
    """Load a file of weights into a model without a head; timm's own function fails if the file has a classifier."""
    if not file.is_file():
        raise EncoderError(f"no such file: {file}; checkpoint_path takes a checkpoint of timm's")
    check_sums(file, EncoderError)
    try:
        with weights_only():
            state = timm.models.load_state_dict(str(file))
    except Exception as error:  # any error
        clause = "it is not a checkpoint that timm reads"
        raise EncoderError(read_failure(file, error, "save a state dict", clause)) from error
    heads = model.pretrained_cfg.get("classifier") or ()
    tops = {name.partition(".")[0] for name in ([heads] if isinstance(heads, str) else heads)}
    try:
        wrong = model.load_state_dict(state, strict=False)
    except RuntimeError as error:  # shapes differ
        raise EncoderError(
            f"{file} does not fit this model ({_misfit(model, state)}): give the one that it was trained as"
        ) from error
    beyond = [key for key in wrong.unexpected_keys if key.partition(".")[0] not in tops]
    for clause, keys in (("lacks", wrong.missing_keys), ("has, beyond the model,", beyond)):
        if keys:
            raise EncoderError(
                f"{file} {clause} {len(keys)} weights such as {keys[0]}: give the checkpoint of this model"
            )


def _misfit(model: Any, state: Mapping[str, Any]) -> str:
    """Describe the first tensor whose shape differs from the model's."""
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    differing = ((n, tuple(v.shape)) for n, v in state.items() if n in shapes and tuple(v.shape) != shapes[n])
    return next((f"{name} is {shape}, not {shapes[name]}" for name, shape in differing), "its shapes differ")
