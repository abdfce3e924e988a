"""ResNet-18 (He et al. 2016) with torchvision's architecture and parameter names, of any width.

A width of 1 gives 64, 128, 256 and 512 channels. The last batch norm of each block starts at zero (Goyal et al.
2017), so that every block starts as the identity.
"""

from typing import Literal

from torch import Tensor, nn

Stem = Literal["imagenet", "small"]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride), float."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        out: Tensor = self.relu(self.bn2(self.conv2(y)) + shortcut)
        return out


class ResNet(nn.Module):
    """Images to representations by four stages of blocks and a mean over the last map.

    blocks : how many in each stage
    width : multiplies every channel count; the output has dim = 512 * width
    stem : "imagenet" is a 7x7 convolution of stride 2 and a max-pool of stride 2; "small" keeps more of small images:
        a 3x3 convolution of stride 2 and no pool
    """

    def __init__(self, blocks: tuple[int, int, int, int], width: float, stem: Stem) -> None:
        super().__init__()
        channels = [round(64 * width * 2**stage) for stage in range(4)]
        self.dim = channels[-1]
        size = 7 if stem == "imagenet" else 3
        self.conv1 = nn.Conv2d(3, channels[0], size, stride=2, padding=size // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if stem == "imagenet" else nn.Identity()
        self.layer1 = _stage(channels[0], channels[0], blocks[0], stride=1)
        self.layer2 = _stage(channels[0], channels[1], blocks[1], stride=2)
        self.layer3 = _stage(channels[1], channels[2], blocks[2], stride=2)
        self.layer4 = _stage(channels[2], channels[3], blocks[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self._initialise()

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) normalised images -> (B, dim) representations, float."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # (B, dim, H / 32, W / 32) with the imagenet stem
        return self.avgpool(x).flatten(1)  # type: ignore[no-any-return]

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for module in self.modules():
            if isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)


def _stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
    first = BasicBlock(inputs, outputs, stride)
    return nn.Sequential(first, *(BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1)))


def resnet18(width: float = 1.0, stem: Stem = "imagenet") -> ResNet:
    """ResNet-18: 11.2 M parameters at width 1."""
    return ResNet((2, 2, 2, 2), width, stem)
