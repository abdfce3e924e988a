"""Batch norm over the batch of all ranks, so that N ranks compute the same as one process with the whole batch.

On GPUs this is PyTorch's SyncBatchNorm, which supports only GPUs; on CPUs a gather with gradients computes the same.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from iebench.baselines.gather import gather

from ..errors import SettingError

ENDS = ("drop", "act")  # modules inside timm's norms, in the order of application
PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)  # norms without further modules


class SyncedBatchNorm(_BatchNorm):
    """A batch norm for CPUs whose training statistics are over all ranks, whose shares have equal size."""

    def forward(self, values: Tensor) -> Tensor:
        """Normalise (B, C, ...) float -> (B, C, ...) float, of the same type."""
        if not self.training:
            return super().forward(values)
        precise = values if values.dtype == torch.float64 else values.float()
        variance, mean = torch.var_mean(precise, [d for d in range(values.dim()) if d != 1], correction=0)  # (C,) each
        means, variances = gather(torch.stack([mean, variance]).unsqueeze(0)).unbind(1)  # (ranks, C) each
        mean = means.mean(dim=0)
        variance = variances.mean(dim=0) + (means - mean).square().mean(dim=0)  # within the shares and between them
        self._remember(mean, variance, len(means) * values.numel() // len(mean))
        scale = torch.rsqrt(variance + self.eps) * (1 if self.weight is None else self.weight)
        shift = (0 if self.bias is None else self.bias) - mean * scale
        shape = (1, -1, *(1 for _ in values.shape[2:]))
        return torch.addcmul(shift.view(shape), precise, scale.view(shape)).to(values.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        if self.track_running_stats:
            self.num_batches_tracked.add_(1)
            momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * count / (count - 1), momentum)  # unbiased, as in PyTorch's batch norms

    def _check_input_dim(self, values: Tensor) -> None:
        """Accept any shape that the replaced module accepted."""


def synchronise(module: nn.Module, on_gpu: bool) -> None:
    """Replace the batch norms inside a module by synchronised ones with the same weights and statistics.

    Raises
    ------
    SettingError : a batch norm that does more than PyTorch's, so that it cannot be replaced.
    """
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm):
            setattr(module, name, _synchronised(child, nn.SyncBatchNorm if on_gpu else SyncedBatchNorm))
        else:
            synchronise(child, on_gpu)


def _synchronised(norm: _BatchNorm, kind: type[_BatchNorm]) -> _BatchNorm:
    synced = kind(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    synced.weight, synced.bias = norm.weight, norm.bias
    for name, value in norm.named_buffers(recurse=False):
        setattr(synced, name, value)
    inside = dict(norm.named_children())
    if inside.keys() == set(ENDS):
        for name, module in inside.items():
            synced.add_module(name, module)  # their weights, if they have some, keep their names
        synced.register_forward_hook(partial(_end, [inside[name] for name in ENDS]))
    elif type(norm) not in PLAIN:
        raise SettingError(
            f"the backbone's {type(norm).__name__} is a batch norm of its own kind, which several ranks cannot share: "
            "train with one, or choose another backbone"
        )
    return synced.train(norm.training)


def _end(ends: Sequence[nn.Module], norm: nn.Module, inputs: object, values: Tensor) -> Tensor:
    for module in ends:
        values = module(values)
    return values
