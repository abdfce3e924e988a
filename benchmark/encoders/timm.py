"""Models of timm: --encoder timm:vit_small_patch16_224.dino [--encoder-arg pretrained=false]."""

from ..errors import UnknownName
from .preprocess import Preprocessed, package, unfetched
from .registry import Arguments, Loaded, loader, named


@loader("timm")
def load(spec: str, arguments: Arguments) -> Loaded:
    """A model of timm without its classifier, with its pretrained weights, size and normalisation.

    arguments : for timm.create_model, such as pretrained=false or checkpoint_path=FILE

    Raises
    ------
    MissingPart : timm cannot be imported here.
    UnknownName : timm has no such model.
    EncoderError : its weights cannot be fetched, or timm refuses an argument.
    """
    timm = package("timm", f"timm:{spec}")
    local = spec.startswith(("hf-hub:", "local-dir:"))
    if not local and not timm.is_model(spec):
        raise UnknownName("timm model", spec, timm.list_models())
    try:
        model = timm.create_model(spec, **{"pretrained": True, "num_classes": 0, **arguments})
    except Exception as error:  # no network, no such weights, an argument it does not take
        raise unfetched(f"timm:{spec}", error, "fetch its weights first, or --encoder-arg pretrained=false") from error
    wants = timm.data.resolve_model_data_config(model)
    module = Preprocessed(model, wants["input_size"][-1], wants["mean"], wants["std"], wants["interpolation"])
    name = named(f"timm.{spec}", arguments)
    return Loaded(name, module, module.size, resizes=True, preprocessing=module.preprocessing)
