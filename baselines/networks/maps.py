"""Maps of timm's models: spatial features after each stage, (B, C, h, w), beside the representation."""

from typing import Any

import torch
from torch import Tensor


def timm_channels(model: Any) -> tuple[int, ...]:
    """Return the channels of the map after each of timm's stages of a model, its `feature_info`; () without maps."""
    infos = getattr(model, "feature_info", None)
    if not (hasattr(model, "forward_intermediates") and infos):
        return ()
    return tuple(int(info["num_chs"]) for info in infos)


def timm_maps(model: Any, images: Tensor, stages: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return a model's representations, and its maps after some stages.

    The last map is that of the features that the representation is computed from, so it has gone through the last norm.

    model : model of timm without its classifier; images : (B, 3, H, W) normalised
    stages : numbers of stages, counted from 1
    returns : (B, dim), then a (B, C, h, w) for each stage
    """
    last = len(model.feature_info)
    features, maps = model.forward_intermediates(
        images, indices=sorted({stage - 1 for stage in stages}), norm=False, output_fmt="NCHW"
    )
    by_stage = dict(zip(sorted(set(stages)), maps, strict=True))
    if last in by_stage:
        by_stage[last] = _as_map(features, by_stage[last], getattr(model, "num_prefix_tokens", None))
    return (model.forward_head(features), *(by_stage[stage] for stage in stages))


def _as_map(features: object, like: Tensor, prefix: int | None) -> Tensor:
    """Return features as a map: tokens (B, prefix + h w, C), or maps in either order of the dimensions -> (B, C, h, w).

    like : map (B, C, h, w) of the same stage; it is returned if the features are none of these, as those of PiT, which
        are its class token alone, and of CoaT, which are a list
    prefix : number of tokens in front of the patches'; None if the model does not count them, as VOLO: none, or one
    """
    if not isinstance(features, Tensor):
        return like
    if features.ndim == 3:
        places = like.shape[2] * like.shape[3]
        if features.shape[1] - places not in ((0, 1) if prefix is None else (prefix,)):
            return like
        features = torch.unflatten(features[:, features.shape[1] - places :].mT, 2, like.shape[2:])
    elif features.ndim == 4 and features.shape != like.shape and features.permute(0, 3, 1, 2).shape == like.shape:
        features = features.permute(0, 3, 1, 2)
    return features if features.shape == like.shape else like
