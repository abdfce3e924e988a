"""ResNet-18 of the released SIE, VICReg and EquiCaps weights: torchvision's names, other padding and shortcuts.

Differences from torchvision (facebookresearch/SIE): images and maps are padded by one more pixel at the right and
bottom where the stride is 2, a block's stride is in its second convolution, and the first block of every stage has a
shortcut with weights.
"""

from torch import Tensor, nn
from torch.nn.functional import pad

from ..errors import SettingError
from .backbone import Stem, backbone
from .resnet import BasicBlock, ResNet

FLOOR = -1e4  # padding value before the max-pool
END = (0, 1, 0, 1)  # one column at the right, one row at the bottom


class PaddedBlock(BasicBlock):
    """Two 3x3 convolutions, the second with the stride, and a shortcut; asymmetric padding."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__(inputs, channels, stride)
        self.conv1 = nn.Conv2d(inputs, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1 if stride == 1 else 0, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, channels, H / stride, W / stride), float."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = pad(y, END) if self.conv2.stride == (2, 2) else y
        out: Tensor = self.relu(self.bn2(self.conv2(y)) + shortcut)
        return out


class VICRegResNet(ResNet):
    """A ResNet-18 that pads more at the right and bottom than at the left and top."""

    def __init__(self, width: float) -> None:
        super().__init__(PaddedBlock, (2, 2, 2, 2), width, "imagenet")
        first = self.layer1[0]  # as many input as output channels, and yet a shortcut with weights
        channels = round(64 * width)
        first.downsample = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))
        self.conv1 = nn.Conv2d(3, channels, 7, stride=2, bias=False)
        self.maxpool = nn.MaxPool2d(3, stride=2)
        self._initialise()

    def stem(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 64 * width, H / 4, W / 4)."""
        y = self.relu(self.bn1(self.conv1(pad(x, (2, 3, 2, 3)))))
        out: Tensor = self.maxpool(pad(y, END, value=FLOOR))
        return out


@backbone("resnet18-vicreg")
def resnet18_vicreg(width: float = 1.0, stem: Stem = "imagenet") -> VICRegResNet:
    """The released ResNet-18: 11.2 M parameters at width 1."""
    if stem != "imagenet":
        raise SettingError(f"resnet18-vicreg has the stem imagenet alone, not {stem}: choose resnet18 for small images")
    return VICRegResNet(width)
