"""Models of torchvision: --encoder torchvision:resnet50 [--encoder-arg weights=IMAGENET1K_V2]."""

from torch import nn

from iebench.manifests.conventions import IMAGENET

from ..errors import EncoderError, UnknownName
from ..results.score import UNTRAINED
from .maps.layers import LayerMaps
from .preprocess import PreparedMaps, Preprocessed, package, unfetched
from .registry import Arguments, LoadedEncoder, loader, named

SIZE = 224
CLASSIFIERS = ("fc", "classifier", "heads", "head")  # attributes that hold the classifier of its models


@loader("torchvision")
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a model of torchvision without the last layer of its classifier, with its weights, size and normalisation.

    arguments : weights, an entry of the model's weights or "none" for random ones, default DEFAULT; the rest is passed
        to the model's builder

    Raises
    ------
    MissingPart : torchvision cannot be imported.
    UnknownName : torchvision has no such model, or the model no such weights.
    EncoderError : the weights cannot be downloaded, an argument is refused, or there is no linear classifier.
    """
    models = package("torchvision", f"torchvision:{spec}").models
    known = models.list_models(module=models)
    if spec not in known:
        raise UnknownName("torchvision model", spec, known)
    options = dict(arguments)
    choice = str(options.pop("weights", "DEFAULT"))
    entries = models.get_model_weights(spec)
    if choice.lower() != "none" and choice not in entries.__members__:
        raise UnknownName(f"weights of {spec}", choice, [*entries.__members__, "none"])
    weights = None if choice.lower() == "none" else entries[choice]
    try:
        model = models.get_model(spec, weights=weights, **options)
    except Exception as error:  # no network, or a refused argument
        remedy = "fetch its weights first, or --encoder-arg weights=none"
        raise unfetched(f"torchvision:{spec}", error, remedy, options) from error
    remove_classifier(spec, model)
    wants = weights.transforms() if weights is not None else None
    (mean, std) = (wants.mean, wants.std) if wants else IMAGENET
    size = wants.crop_size[0] if wants else SIZE
    interpolation = wants.interpolation.value if wants else "bilinear"
    module = Preprocessed(model, size, mean, std, interpolation)
    name = named(f"torchvision.{spec}", arguments)
    maps = PreparedMaps(module, LayerMaps(model))
    data = f"that of torchvision's weights {weights.name}" if weights else UNTRAINED
    return LoadedEncoder(
        name, module, module.size, resizes=True, preprocessing=module.preprocessing, training_data=data, maps=maps
    )


def remove_classifier(spec: str, model: nn.Module) -> None:
    """Replace the last linear layer of a model's classifier by an identity.

    Raises
    ------
    EncoderError : there is no such layer.
    """
    layers = [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear)]
    heads = [name for name in layers if name.partition(".")[0] in CLASSIFIERS]
    if not heads:
        raise EncoderError(
            f"torchvision:{spec} has no linear classifier to leave out: wrap it in a factory of your own"
        )
    parent, _, last = heads[-1].rpartition(".")
    setattr(model.get_submodule(parent), last, nn.Identity())
