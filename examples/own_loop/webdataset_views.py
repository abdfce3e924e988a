"""K views of each object from the tars of a dataset, with webdataset and without iebench.

python webdataset_views.py ../../data/builtin

A tar holds the views of an object one after another, so that objects can be read in one pass. Recipes `as-released`
store blue before red, which only iebench turns round.
"""

import itertools
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
import webdataset

Sample = dict[str, Any]


def chosen_views(count: int, seed: int) -> Callable[[Iterable[Sample]], Iterator[Sample]]:
    """Return the stage that keeps `count` views of each object, in random order, before anything is decoded."""

    def stage(samples: Iterable[Sample]) -> Iterator[Sample]:
        chance = random.Random(seed)
        for name, views in itertools.groupby(samples, key=lambda sample: sample["__key__"].rpartition("_")[0]):
            chosen = chance.sample(list(views), count)
            files = {f"{k}.{kind}": view[kind] for k, view in enumerate(chosen) for kind in ("jpg", "json")}
            yield {"__key__": name, "__url__": chosen[0]["__url__"], **files}

    return stage


def stacked(sample: Sample, factors: tuple[str, ...] = ("rot_x", "rot_y", "rot_z")) -> Sample:
    """Return images (K, 3, H, W) in [0, 1], latents (K, factors) and the class of an object."""
    count = sum(name.endswith(".jpg") for name in sample)
    rows = [sample[f"{k}.json"] for k in range(count)]
    return {
        "images": torch.stack([sample[f"{k}.jpg"] for k in range(count)]),
        "latents": torch.tensor([[row[name] for name in factors] for row in rows], dtype=torch.float64),
        "label": rows[0]["label"],
        "object": f"{rows[0]['synset']}/{rows[0]['object_id']}",
    }


def objects(data: str, split: str = "train", views: int = 2, seed: int = 0) -> Any:
    """Return the pipeline: shards in random order, `views` of each object, objects shuffled among 200."""
    shards = sorted(str(path) for path in Path(data).glob(f"{split}/*.tar"))
    read = webdataset.WebDataset(shards, shardshuffle=len(shards), seed=seed, empty_check=False)
    return read.compose(chosen_views(views, seed)).decode("torchrgb").map(stacked).shuffle(200)


if __name__ == "__main__":
    for views in itertools.islice(objects(sys.argv[1]), 3):
        print(views["object"], tuple(views["images"].shape), views["latents"].tolist())  # noqa: T201
