"""A small vision transformer (Dosovitskiy et al. 2021) with timm's parameter names and fixed positions.

Positions are sines and cosines of row and column (Chen et al. 2021, MoCo v3), so the same weights encode images of any
size that is a multiple of the patch size. The representation is that of the class token.
"""

import torch
from torch import Tensor, nn

from ..errors import SettingError
from .backbone import Backbone, Stem, backbone

HEAD = 64  # dimensions of an attention head


class Attention(nn.Module):
    """Self-attention over the tokens of an image."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) -> (B, N, dim)."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, HEAD)).permute(2, 0, 3, 1, 4)  # (B, heads, N, 64)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out


class Mlp(nn.Module):
    """Two linear layers on each token, with a GELU between them."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) -> (B, N, dim)."""
        out: Tensor = self.fc2(nn.functional.gelu(self.fc1(x)))
        return out


class TransformerBlock(nn.Module):
    """Attention, then the MLP, each on normalised tokens and added to them."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) -> (B, N, dim)."""
        x = x + self.attn(self.norm1(x))
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class PatchEmbed(nn.Module):
    """Maps patches to tokens."""

    def __init__(self, dim: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, dim, H / patch, W / patch)."""
        out: Tensor = self.proj(images)
        return out


class VisionTransformer(Backbone):
    """Maps images to the class token after `depth` blocks."""

    def __init__(self, dim: int, depth: int, patch: int) -> None:
        super().__init__()
        self.dim, self.patch, self.channels = dim, patch, depth * (dim,)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.patch_embed = PatchEmbed(dim, patch)
        self.blocks = nn.Sequential(*(TransformerBlock(dim, dim // HEAD) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        nn.init.normal_(self.cls_token, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor, stages: tuple[int, ...] = ()) -> Tensor | tuple[Tensor, ...]:
        """Map (B, 3, H, W) normalised images to (B, dim), with maps beside it; see `Backbone`.

        H and W are multiples of the patch size. The map after a block has the tokens of all patches; the last one's
        have gone through the last norm, as the class token has.
        """
        if images.shape[-1] % self.patch or images.shape[-2] % self.patch:
            raise SettingError(
                f"the transformer cuts images into patches of {self.patch} pixels and {tuple(images.shape[-2:])} is no "
                "multiple of that: choose another resolution, or encoder.stem=small for patches of 8"
            )
        patches = self.patch_embed(images)  # (B, dim, rows, columns)
        rows, columns = patches.shape[-2:]
        # added in the weights' precision, in which the residual stream then stays under any autocast
        position = positions(rows, columns, self.dim, patches.device).to(self.cls_token)
        tokens = patches.flatten(2).transpose(1, 2) + position
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), tokens], dim=1)
        kept = {}  # tokens after the blocks whose maps are returned
        for number, block in enumerate(self.blocks, start=1):
            tokens = block(tokens) if number < len(self.blocks) else self.norm(block(tokens))
            if number in stages:
                kept[number] = tokens[:, 1:].mT.unflatten(2, (rows, columns))
        return (tokens[:, 0], *(kept[number] for number in stages)) if stages else tokens[:, 0]


def positions(rows: int, columns: int, dim: int, device: torch.device | None = None) -> Tensor:
    """Return sines and cosines of each patch's row and column at dim / 4 wavelengths: (rows * columns, dim) float32.

    device : device to create them on, which avoids a copy to a GPU
    """
    frequencies = 10_000 ** (-torch.arange(dim // 4, device=device) / (dim // 4))
    ranges = (torch.arange(count, device=device) for count in (rows, columns))
    row, column = torch.meshgrid(*ranges, indexing="ij")
    # each (rows * columns, dim / 4)
    angles = [coordinates.flatten()[:, None] * frequencies for coordinates in (row, column)]
    return torch.cat([wave(angle) for angle in angles for wave in (torch.sin, torch.cos)], dim=1)


@backbone("vit-small")
def vit_small(width: float = 1.0, stem: Stem = "imagenet") -> VisionTransformer:
    """ViT-S: 12 blocks, 384 dimensions and 21.6 M parameters at width 1; patches of 16 pixels, or 8 if small."""
    dim = 384 * width
    if stem == "cifar":
        raise SettingError("vit-small has the stems imagenet and small, not cifar: choose small for small images")
    if dim % HEAD or not dim:
        raise SettingError(f"vit-small needs a width that gives whole heads, a multiple of 0.5, not {width}")
    return VisionTransformer(round(dim), depth=12, patch=16 if stem == "imagenet" else 8)
