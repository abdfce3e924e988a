"""CPU time of batched MRR, H@k and PRE relative to a loop over samples, with a check that the ranks are the same.

python -m iebench.benchmark.speed.retrieval --objects 1000 --views 50 --width 1024
"""

import os
import resource
import time
from collections.abc import Callable
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor, nn

from iebench.baselines.action import ROTATION, Latents, between
from iebench.baselines.networks.predictor import LinearHypernetwork
from iebench.benchmark.fitting.context import Split
from iebench.benchmark.probes.prediction import embeddings, predictions
from iebench.benchmark.statistics.retrieval import nearest_mean, own_rank_counts, unit

from .reference import Materialised


class Predicting(nn.Module):
    """The probe's interface of a method: the identity as embedding, and a linear hypernetwork."""

    latents = ROTATION

    def __init__(self, width: int) -> None:
        super().__init__()
        self.predictor = LinearHypernetwork(4, width)

    def embed(self, representation: Tensor) -> Tensor:
        return representation

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        out: Tensor = self.predictor(between("rotation", source, target), embedding)
        return out


def one_by_one(split: Split, generate: Materialised, queries: NDArray[np.int64]) -> NDArray[np.int64]:
    """Compute the ranks of some queries one by one: one sample, one generated matrix, one sort at a time."""
    ranks = []
    for query in queries:
        source = query - query % split.views
        poses = [Rotation.from_euler("xyz", [split.latents[n][row] for n in ROTATION]) for row in (source, query)]
        action = torch.from_numpy((poses[0].inv() * poses[1]).as_quat(canonical=True)).float()[None]
        predicted = generate(action, torch.from_numpy(split.features[source])[None])
        gallery = torch.from_numpy(split.features[source : source + split.views])
        order = nn.functional.cosine_similarity(predicted, gallery).argsort(descending=True)
        ranks.append(1 + int((order == query % split.views).nonzero()))
    return np.array(ranks)


def neighbours_one_by_one(features: Tensor, queries: Tensor) -> NDArray[np.int64]:
    """Find the nearest row of each query by cosine, one query at a time, as `one_by_one`."""
    return np.array([int(nn.functional.cosine_similarity(query[None], features).argmax()) for query in queries])


def products_one_by_one(gallery: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.int64]:
    """Find the nearest row of each query by one product with rows of unit length, one query at a time."""
    return np.array([int(np.argmax(gallery @ query)) for query in queries])


def cpu(work: Callable[[], object]) -> float:
    """Measure the CPU seconds of all threads together."""
    start = time.process_time()
    work()
    return time.process_time() - start


@click.command()
@click.option("--objects", default=1000, show_default=True)
@click.option("--views", default=50, show_default=True)
@click.option("--width", default=1024, show_default=True, help="Of the embeddings.")
@click.option("--sample", default=500, show_default=True, help="Queries that the loop really does.")
@click.option("--pre/--no-pre", default=True, help="Also the nearest neighbour over all views.")
@torch.no_grad()
def main(objects: int, views: int, width: int, sample: int, pre: bool) -> None:
    """Rank random embeddings both ways; the loop processes a sample of the queries and is extrapolated."""
    torch.manual_seed(0)
    count, method = objects * views, Predicting(width)
    noise = np.random.default_rng(0).normal(size=(count, width)).astype(np.float32)
    angles = np.random.default_rng(2).uniform(-np.pi / 2, np.pi / 2, (3, count))
    identities = [("0", str(i)) for i in range(objects)]
    split = Split(noise, np.zeros(count, np.int64), dict(zip(ROTATION, angles, strict=True)), identities, views,
                  np.empty((objects, 0, 2), np.int64))  # fmt: skip
    device = torch.device("cpu")
    arguments: Any = (split, method, device)  # it has the interface that retrieval needs
    chosen = np.random.default_rng(1).choice(count, sample, replace=False)
    generate = Materialised(method.predictor)
    results: dict[str, NDArray[np.float64]] = {}

    def ranked() -> None:
        gallery, queries = embeddings([split], *arguments[1:]), predictions(*arguments)
        shape = (objects, views, width)
        results["ranks"] = own_rank_counts(gallery.reshape(shape), queries.reshape(shape), 1e-6).ranks

    one_by_one(split, generate, chosen[:5])  # warm-up
    loop: list[NDArray[np.int64]] = []
    slow = cpu(lambda: loop.append(one_by_one(split, generate, chosen))) * count / sample
    fast = min(cpu(ranked) for _ in range(3))
    same = (results["ranks"][chosen] == loop[0]).mean()
    click.echo(f"{count} queries, {views} views, width {width}, {torch.get_num_threads()} threads, "
               f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    click.echo(f"MRR and H@k: {fast:.2f} s of CPU batched; {slow:.1f} s one by one, extrapolated from {sample}; "
               f"ratio {slow / fast:.0f}; same rank in {same:.1%} of the sample")  # fmt: skip
    if pre:
        gallery, queries = unit(torch.from_numpy(noise)).numpy(), predictions(*arguments)
        rows = np.arange(count, dtype=np.float64)[:, None]
        few = queries[:32]
        nearest: list[NDArray[Any]] = []
        tiled = cpu(lambda: nearest.append(nearest_mean(gallery, queries, rows, device, 0.0)[:32, 0])) / count
        both = torch.from_numpy(noise), torch.from_numpy(few)
        single = cpu(lambda: nearest.append(neighbours_one_by_one(*both))) / len(few)
        product = cpu(lambda: nearest.append(products_one_by_one(gallery, few))) / len(few)
        same = np.mean([nearest[0] == other for other in nearest[1:]])
        click.echo(f"nearest of all {count}, CPU a query: {tiled * 1e3:.2f} ms tiled; one by one {single * 1e3:.0f} ms "
                   f"by cosine, ratio {single / tiled:.0f}, and {product * 1e3:.1f} ms by products with rows scaled "
                   f"before, ratio {product / tiled:.0f}; same row in {same:.1%}")  # fmt: skip
        together = (slow / count + single) / (fast / count + tiled)
        click.echo(f"MRR, H@k and PRE together: ratio {together:.0f}")
    click.echo(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
