"""Methods with a predictor learn to follow a rotation when the images show nothing but the pose.

On real images training first finds an embedding of the object alone. A fifth of that embedding stays unpredicted, and
leaving it takes a long training (docs/background/results.md). Here every image shows one object: three coloured marks
on its axes.
"""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION, Latents
from iebench.baselines.method import Method, build
from iebench.benchmark.statistics.retrieval import own_rank_counts, unit
from iebench.benchmark.training.config import resolve
from iebench.manifests.conventions import pose

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
SIDE, BATCH, RATE = 16, 64, 2e-3
OBJECTS, VIEWS = 50, 20


def pictures(angles: NDArray[np.float64]) -> Tensor:
    """Draw (B, K, 3) Euler angles as (B, K, 3, SIDE, SIDE): a red, a green and a blue mark, brighter when nearer."""
    axes = pose(angles.reshape(-1, 3)).as_matrix().reshape(*angles.shape[:2], 3, 3)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE * 3 - 1.5
    distance = (columns - axes[..., 0, :, None, None]) ** 2 + (rows - axes[..., 1, :, None, None]) ** 2
    light = 0.75 + 0.25 * axes[..., 2, :, None, None]
    return torch.from_numpy((light * np.exp(-distance / 0.08)).clip(0, 1).astype(np.float32))


def drawn(generator: np.random.Generator, objects: int, views: int) -> tuple[Tensor, Latents]:
    angles = generator.uniform(-np.pi / 2, np.pi / 2, (objects, views, 3))
    return pictures(angles), {name: torch.from_numpy(angles[..., i]) for i, name in enumerate(ROTATION)}


def trained(name: str, steps: int) -> Method:
    """Train a method for some steps, with a learning rate that rises and falls."""
    torch.manual_seed(0)
    settings, own = resolve(name, "quick", ["encoder.width=0.125", "encoder.stem=small"])
    method, generator = build(name, own, settings.encoder), np.random.default_rng(0)
    optimizer = torch.optim.Adam(method.parameters(), RATE)
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(20 * step / steps, (1 + math.cos(math.pi * step / steps)) / 2)
        loss = method.loss(*drawn(generator, BATCH, settings.views))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        method.after_step(step, steps)
    return method.eval()


@torch.no_grad()
def reciprocal_rank(method: Method) -> float:
    """Return the mean reciprocal rank of the target view among 19, predicted from the first view and the rotation."""
    images, latents = drawn(np.random.default_rng(1), OBJECTS, VIEWS)
    embedding = method.embed(method.encoder(images.flatten(0, 1))).unflatten(0, (OBJECTS, VIEWS))
    source = {name: values[:, :1].expand(-1, VIEWS).flatten() for name, values in latents.items()}
    predicted = method.predict(embedding[:, 0], source, {name: values.flatten() for name, values in latents.items()})
    gallery, queries = (unit(v.reshape(OBJECTS, VIEWS, -1)[:, 1:]).numpy() for v in (embedding, predicted))
    return float(own_rank_counts(gallery, queries, 1e-6).reciprocal.mean())


@pytest.mark.parametrize(("name", "steps"), [("sie", 200), ("equimod", 100)])
def test_the_predictor_finds_the_view_it_is_told_to(name: str, steps: int) -> None:
    chance = float(np.mean(1 / np.arange(1, VIEWS)))
    assert reciprocal_rank(trained(name, steps)) > 1.5 * chance
