"""Metrics of read-outs in a context of pairs of views, of methods that have one (Gupta et al. 2024, ContextSSL)."""

from dataclasses import replace
from typing import Literal

from ..statistics.metric_info import MetricInfo
from .classification import accuracy
from .prediction import STRICT
from .rotation import angles

TOKENS = (0, 2, 14, 30, 126)  # tokens in a context, two a pair
ENVIRONMENTS = ("rotation", "colour")
HITS = {"h1": 1, "h5": 5}


def name(tokens: int, environment: str, metric: str = "") -> str:
    """Return the name of a metric in a context; an empty context is the same in every environment.

    >>> name(0, "colour", "top1"), name(126, "colour", "top1"), name(0, "colour", "mrr")
    ('context0_top1', 'context126_colour_top1', 'context0_colour_mrr')
    """
    shared = not tokens and metric not in ("mrr", *HITS)
    return "_".join(filter(None, (f"context{tokens}", "" if shared else environment, metric)))


def _in_context(tokens: int, environment: str) -> dict[str, MetricInfo]:
    """Describe the metrics of read-outs in a context of that many tokens."""
    of = f"in a context of {tokens} tokens" + f", actions the {environment}" * bool(tokens)
    last, short = tokens == max(TOKENS), f"context {tokens}" + f" {environment}" * bool(tokens)
    colour = MetricInfo(
        "", "", column=last and environment == "colour", within=(None, 1.0), over_objects="joint",
        floor="the mean change of train", ceiling="1",
    )  # fmt: skip
    named = name(tokens, environment)
    rotation = angles(
        f"{named}_rotation", f"rotation between two views by a nonlinear probe of their read-outs {of}", 1
    )
    infos = {
        f"{named}_top1": accuracy(f"{short} top-1 %", f"share of read-outs {of} whose class a linear layer names"),
        **{metric: rotation[metric] for metric in (f"{named}_rotation_r2_pooled", f"{named}_rotation_r2_mean")},
        f"{named}_rotation_degrees_mean": replace(
            rotation[f"{named}_rotation_degrees_mean"], column=last and environment == "rotation"
        ),
    }
    about = f"change of floor and light hue between two views by a nonlinear probe of their read-outs {of}"
    kinds: dict[Literal["pooled", "mean"], str] = {"pooled": "pooled R²", "mean": "R² of each component averaged"}
    for kind, words in kinds.items():
        infos[f"{named}_colour_r2_{kind}"] = replace(
            colour, title=f"{short} colour R² {kind}", about=f"{about}: {words}", r2=kind
        )
    for metric in ("mrr", *HITS):
        info, where = STRICT[metric], f"in a context of {tokens} tokens whose actions are the {environment}"
        infos[name(tokens, environment, metric)] = replace(
            info, title=f"context {tokens} {environment} {info.title}", about=f"{info.about}, {where}",
            column=last and metric == "mrr" and environment == "rotation",
        )  # fmt: skip
    return infos


IN_CONTEXT = {
    metric: info
    for environment in ENVIRONMENTS
    for tokens in TOKENS
    for metric, info in _in_context(tokens, environment).items()
}
