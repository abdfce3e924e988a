"""ResNet-18 and ResNet-50 (He et al. 2016) with torchvision's architecture and parameter names, of any width.

A width of 1 gives 64, 128, 256 and 512 channels; a bottleneck has four times as many outputs. The scale of the last
batch norm of each block starts at zero (Goyal et al. 2017), so that every block starts as the identity.
"""

from torch import Tensor, nn

from .backbone import Backbone, Stem, backbone


class Block(nn.Module):
    """A block of a ResNet, built from (inputs, channels, stride); it has channels * expansion outputs."""

    expansion: int
    downsample: nn.Module | None

    def shortcut(self, inputs: int, outputs: int, stride: int) -> nn.Module | None:
        """Build the shortcut of a block; None for the identity."""
        if stride == 1 and inputs == outputs:
            return None
        return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def last_norm(self) -> nn.BatchNorm2d:
        """Return the batch norm before the sum, whose scale starts at zero."""
        raise NotImplementedError


class BasicBlock(Block):
    """Two 3x3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = self.shortcut(inputs, channels, stride)

    def last_norm(self) -> nn.BatchNorm2d:
        """Return bn2."""
        return self.bn2

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, channels, H / stride, W / stride), float."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        out: Tensor = self.relu(self.bn2(self.conv2(y)) + shortcut)
        return out


class Bottleneck(Block):
    """1x1, 3x3 and 1x1 convolutions and a shortcut; the stride sits on the 3x3."""

    expansion = 4

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        outputs = channels * self.expansion
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = self.shortcut(inputs, outputs, stride)

    def last_norm(self) -> nn.BatchNorm2d:
        """Return bn3."""
        return self.bn3

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, 4 * channels, H / stride, W / stride), float."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        out: Tensor = self.relu(self.bn3(self.conv3(y)) + shortcut)
        return out


class ResNet(Backbone):
    """Maps images to representations by four stages of blocks and a mean over the last feature map.

    block : the kind of block; blocks : number of blocks in each stage
    width : factor of every channel count; the output has dim = 512 * expansion * width
    stem : "imagenet" is a 7x7 convolution of stride 2 and a max-pool of stride 2; "small" keeps more of small images:
        a 3x3 convolution of stride 2 and no pool; "cifar" the same of stride 1, as in ResNets for CIFAR
    """

    def __init__(self, block: type[Block], blocks: tuple[int, int, int, int], width: float, stem: Stem) -> None:
        super().__init__()
        channels = [round(64 * width * 2**stage) for stage in range(4)]
        wide = [count * block.expansion for count in channels]
        self.dim, self.channels = wide[-1], tuple(wide)
        size = 7 if stem == "imagenet" else 3
        self.conv1 = nn.Conv2d(3, channels[0], size, stride=1 if stem == "cifar" else 2, padding=size // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if stem == "imagenet" else nn.Identity()
        self.layer1 = _stage(block, channels[0], channels[0], blocks[0], stride=1)
        self.layer2 = _stage(block, wide[0], channels[1], blocks[1], stride=2)
        self.layer3 = _stage(block, wide[1], channels[2], blocks[2], stride=2)
        self.layer4 = _stage(block, wide[2], channels[3], blocks[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self._initialise()

    def forward(self, x: Tensor, stages: tuple[int, ...] = ()) -> Tensor | tuple[Tensor, ...]:
        """(B, 3, H, W) normalised images -> (B, dim) representations, float, with maps beside it; see `Backbone`.

        The representation is the mean of the last map, (B, dim, H / 32, W / 32) with the stem imagenet.
        """
        maps, x = {}, self.stem(x)
        for number, stage in enumerate((self.layer1, self.layer2, self.layer3, self.layer4), start=1):
            maps[number] = x = stage(x)
        representation: Tensor = self.avgpool(x).flatten(1)
        return (representation, *(maps[number] for number in stages)) if stages else representation

    def stem(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 64 * width, H / 4, W / 4); H / 2 with the small stem, H with that of CIFAR."""
        out: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return out

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for module in self.modules():
            if isinstance(module, Block):
                nn.init.zeros_(module.last_norm().weight)


def _stage(block: type[Block], inputs: int, channels: int, blocks: int, stride: int) -> nn.Sequential:
    outputs = channels * block.expansion
    return nn.Sequential(block(inputs, channels, stride), *(block(outputs, channels, 1) for _ in range(blocks - 1)))


@backbone("resnet18")
def resnet18(width: float = 1.0, stem: Stem = "imagenet") -> ResNet:
    """ResNet-18: 11.2 M parameters at width 1."""
    return ResNet(BasicBlock, (2, 2, 2, 2), width, stem)


@backbone("resnet50")
def resnet50(width: float = 1.0, stem: Stem = "imagenet") -> ResNet:
    """ResNet-50: 23.5 M parameters at width 1."""
    return ResNet(Bottleneck, (3, 4, 6, 3), width, stem)
