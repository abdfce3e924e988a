"""The network and the loss of the loops beside this file."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def small_network() -> nn.Module:
    """Make a small encoder: images (B, 3, H, W) -> (B, 32)."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 5, 4), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )


def contrast(network: nn.Module, images: Tensor) -> Tensor:
    """Compare the first view of each object with the second views of all objects; images : (B, 2, 3, H, W)."""
    first, second = (functional.normalize(network(images[:, k]), dim=1) for k in (0, 1))
    return functional.cross_entropy(first @ second.T / 0.1, torch.arange(len(first), device=images.device))
