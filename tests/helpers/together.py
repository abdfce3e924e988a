"""Computations of two ranks, in processes that a test starts, and their difference from one process."""

import os
import time

import torch
from tiny import tiny
from torch import distributed as dist

from iebench.baselines import variants
from iebench.baselines.action import DIFFERENCES, LABEL, OBJECT, ROTATION
from iebench.baselines.method import build, names
from iebench.benchmark.commands.launch import launch
from iebench.benchmark.distributed import ranks as distributed
from iebench.benchmark.distributed.ranks import ALONE, joined
from iebench.benchmark.training.config import resolve
from iebench.benchmark.training.step import prepare

OBJECTS, SIDE = 8, 16
SHARED = 16  # objects in a batch that two ranks share
SMALL = ["encoder.width=0.125", "encoder.stem=small"]
TRAINED = [name for name in names() if name not in ("random", *variants.load())] + ["equimod-vicreg"]  # each loss once

FORMS = {
    "sie, after stage 3": ("method.equivariant_layer=3",),
    "equin, candidates": ("method.poses=3", "method.frame=world", "method.spread=0.1"),
    "la-sie, all laws": ("method.identity=1", "method.composition=1"),
    "msp, partners": ("method.partners=2",),
    "obow, full": ("method.levels=2", "method.patches=2"),
    "iwm, sequence": ("method.conditioning=sequence",),
    "iwm, convolution": ("method.predictor=convolution",),
}
"""Further forms of losses: the name of a method, a comma, and the form; its settings."""

RANKED = {**dict.fromkeys(TRAINED, ()), "sie, together": ("passes=together",), **FORMS}  # apart by default


def run_ranks(size, work, folder):
    """Run work(file) in `size` ranks at once; return what the first rank saved in the file."""
    launch(size, work, folder / "answer.pt")
    return torch.load(folder / "answer.pt")


def batch(objects=OBJECTS, views=3):
    """Return random images, all latents and labels, in float64."""
    generator = torch.Generator().manual_seed(1)
    latents = {name: torch.rand(objects, views, generator=generator, dtype=torch.float64) for name in ROTATION}
    latents |= {
        name: torch.rand(objects, views, generator=generator, dtype=torch.float64) for name in DIFFERENCES["all"]
    }
    latents[LABEL] = torch.randint(0, 55, (objects, 1), generator=generator).expand(-1, views)
    latents[OBJECT] = torch.arange(3, 3 + 5 * objects, 5)[:, None].expand(-1, views) % SHARED
    return torch.rand(objects, views, 3, SIDE, SIDE, generator=generator, dtype=torch.float64), latents


def method_of(name, *changes):
    """Return a small method in float64, and its training settings."""
    settings, own = resolve(name, "quick", [*SMALL, *tiny(name, "[16, 12]"), *changes])
    torch.manual_seed(0)
    method = build(name, own, settings.encoder).double().train()
    method.passes = settings.passes
    return method, settings


def outcome(network, method, images, latents, mean):
    """Return loss terms, gradients, and buffers such as running statistics, after one backward pass."""
    terms = network(images, latents)
    terms["loss"].backward()
    gradients = {name: p.grad for name, p in method.named_parameters() if p.requires_grad}
    return mean(terms), gradients, dict(method.named_buffers())


def compare_methods(answer):
    """Save for each method the largest difference between all ranks and one process, which the first rank computes.

    Differences are relative to the size of the tensor, for loss terms, gradients and buffers.
    """
    torch.set_num_threads(1)
    images, latents = batch(SHARED)
    alone, first = {}, os.environ["RANK"] == "0"
    for name, changes in RANKED.items() if first else ():  # before the ranks meet, else the losses gather over them
        method, _ = method_of(name.partition(",")[0], *changes)
        alone[name] = outcome(method, method, images, latents, ALONE.mean)
    differences = {}
    with joined("cpu") as ranks:
        share = ranks.share(SHARED)
        mine = {name: values[share] for name, values in latents.items()}
        for name, changes in RANKED.items():
            method, settings = method_of(name.partition(",")[0], *changes)
            network = prepare(method, settings, ranks)
            together = outcome(network, method, images[share], mine, ranks.mean)
            if first:
                differences[name] = [difference(a, b) for a, b in zip(alone[name], together, strict=True)]
    if first:
        torch.save(differences, answer)


def difference(table, other):
    """Return the largest relative difference of two tables of tensors or numbers."""
    assert table.keys() == other.keys() and table
    pairs = [(torch.as_tensor(table[name]).double(), torch.as_tensor(other[name]).double()) for name in table]
    return max(float((a - b).abs().max() / a.abs().max().clamp(min=1e-6)) for a, b in pairs)


def end_with_open_connections(answer):
    """Save a result in a process group whose destruction takes longer than ranks may wait for it."""
    distributed.PATIENCE = 0.2
    dist.destroy_process_group = lambda: time.sleep(20)  # and not for ever: without the limit the test fails
    with joined("cpu") as ranks:
        saved = ranks.collect(ranks.rank)
        if ranks.first:
            torch.save(saved, answer)
        ranks.collect(None)


def end_one_by_one(answer):
    """Save a result with the other ranks; the first rank ends, the others keep running."""
    with joined("cpu") as ranks:
        saved = ranks.collect(ranks.rank)
        if ranks.first:
            torch.save(saved, answer)
        ranks.collect(None)
    if not ranks.first:
        time.sleep(600)
