"""The usual implementation, for comparison: files and Pillow in worker processes, and a predictor with full matrices.

It is written from facts about the released code, not from that code: a JPEG and an .npy for each view; whole images
decoded by Pillow, converted to float and normalised one by one; SciPy for one rotation at a time; the hypernetwork of
Garrido et al. 2023 as a linear layer to the entries of a matrix per sample.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.spatial.transform import Rotation
from torch import Tensor, nn
from torch.utils.data import Dataset

from iebench.baselines.networks.encoder import MEAN, STD
from iebench.baselines.networks.predictor import LinearHypernetwork

from ..data.images import Images


def lay_out(images: Images, folder: Path) -> None:
    """Write a split as files: folder/OBJECT/image_VIEW.jpg and latent_VIEW.npy, all latents in the recipe's order."""
    latents = np.stack(list(images.latents.values()), axis=1)
    for row, jpeg in enumerate(images.tars.members(np.arange(len(images)))):
        number, view = divmod(row, images.views_per_object)
        object_folder = folder / f"{number:06d}"
        object_folder.mkdir(parents=True, exist_ok=True)
        (object_folder / f"image_{view}.jpg").write_bytes(jpeg)
        np.save(object_folder / f"latent_{view}.npy", latents[row])


class Pairs(Dataset[tuple[Tensor, Tensor, Tensor, int]]):
    """Two random views of each object: two (3, size, size) float32 images, their relative quaternion, the label."""

    def __init__(self, folder: Path, labels: list[int], views: int, size: int) -> None:
        self.folder, self.labels, self.views, self.size = folder, labels, views, size
        self.mean, self.std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor, int]:
        folder = self.folder / f"{index:06d}"
        first, second = torch.randperm(self.views)[:2].tolist()
        angles = [np.load(folder / f"latent_{view}.npy")[:3] for view in (first, second)]
        start, end = (Rotation.from_euler("xyz", pose) for pose in angles)
        turn = torch.from_numpy((start.inv() * end).as_quat().astype(np.float32))
        source, target = (self.image(folder / f"image_{view}.jpg") for view in (first, second))
        return source, target, turn, self.labels[index]

    def image(self, path: Path) -> Tensor:
        """Load one image, normalised."""
        with Image.open(path) as file:
            picture = file.convert("RGB")
        if picture.size != (self.size, self.size):
            picture = picture.resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float().div(255)
        return pixels.clone().sub_(self.mean).div_(self.std)


class Materialised(nn.Module):
    """A linear layer from the action to the entries of one (d, d) matrix per sample, and the product with it."""

    def __init__(self, ours: LinearHypernetwork) -> None:
        """Copy the weights of ours, so that both have the same outputs."""
        super().__init__()
        actions, self.dim, _ = ours.weight.shape
        self.generate = nn.Linear(actions, self.dim**2, bias=False, device=ours.weight.device)
        self.generate.weight.data.copy_(ours.weight.detach().flatten(1).T)

    def forward(self, action: Tensor, embedding: Tensor) -> Tensor:
        """Map (B, actions) and (B, d) to (B, d)."""
        matrices = self.generate(action.to(self.generate.weight.dtype)).view(-1, self.dim, self.dim)
        product: Tensor = torch.bmm(matrices, embedding.to(matrices.dtype).unsqueeze(-1)).squeeze(-1)
        return product
