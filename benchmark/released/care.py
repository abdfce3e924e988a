"""Names of Sharut/CARE's checkpoints.

Those for CIFAR and STL have a ResNet in a Sequential, without its max-pool. The repository trains with the mean and
deviation of its images, which no weight shows. Those for ImageNet-100 have torchvision's ResNet, a query encoder with a
head as its last layer, and with MoCo a key encoder and a queue. No score needs the heads, so they are left out.
"""

from pathlib import Path
from typing import get_args

from torch import Tensor

from ..errors import ConversionError
from .heads import Images

State = dict[str, Tensor]
ENCODER, HEAD, FIRST = "f.", "g.", "0.weight"  # prefixes, and a tensor of the encoder
LAYERS = {"0": "conv1", "1": "bn1", "3": "layer1", "4": "layer2", "5": "layer3", "6": "layer4"}  # by their number
RESOLUTION = 32  # of its crops, those of STL too
QUERY = "encoder_q."  # prefix of the encoder for ImageNet-100, and the parts beside it
BESIDE = (f"{QUERY}fc.", "encoder_k.", "queue")
IMAGENET_RESOLUTION = 224
STATISTICS: dict[Images, tuple[tuple[float, ...], tuple[float, ...]]] = {  # mean and deviation, red first
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "stl10": ((0.4406, 0.4273, 0.3858), (0.2312, 0.2265, 0.2237)),
}


def renamed(state: State) -> State:
    """Return the tensors with the names of a ResNet's inside `ENCODER`; others keep theirs."""
    ours: State = {}
    for name, value in state.items():
        number, _, rest = name.removeprefix(ENCODER).partition(".")
        known = name.startswith(ENCODER) and number in LAYERS
        ours[f"{ENCODER}{LAYERS[number]}.{rest}" if known else name] = value
    return ours


def statistics(images: Images | None, path: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of the images of its training.

    Raises
    ------
    ConversionError : no images are named.
    """
    if images is None:
        raise ConversionError(
            f"{path}: its weights do not show which images CARE was trained on, whose mean and deviation it takes: add "
            f"--trained-on with one of {', '.join(get_args(Images))}"
        )
    return STATISTICS[images]
