"""The dataset card: README.md of a dataset folder, generated from its dataset.json."""

from pathlib import Path

from iebench.manifests.common.files import write_atomic
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.schema import FORMAT, SPLITS


def write_card(folder: Path, info: DatasetInfo) -> None:
    """Write folder/README.md."""
    recipe = info.recipe
    factors = "\n".join(f"| `{f.name}` | {f.law} | {f.unit} | {f.frame} |" for f in recipe.factors)
    splits = "\n".join(
        f"| {s} | {info.counts[s]['objects']} | {info.counts[s]['images']} | {info.counts[s]['shards']} |"
        for s in SPLITS
    )
    write_atomic(
        folder / "README.md",
        f"""---
license: {"cc0-1.0" if info.licence == "CC0-1.0" else "other"}
configs:
- config_name: images
  data_files:
  - {{split: train, path: "train/*.tar"}}
  - {{split: validation, path: "val/*.tar"}}
- config_name: latents
  data_files:
  - {{split: train, path: "train/*.parquet"}}
  - {{split: validation, path: "val/*.parquet"}}
---

# {recipe.name} with {info.source} objects

{info.counts["classes"]} classes of objects from source `{info.source}`, {recipe.views} views of each at
{recipe.resolution} x {recipe.resolution} pixels, recipe `{recipe.name}`. Rendered by iebench with
{info.renderer["name"]} {info.renderer["version"]} on {info.renderer["device"]}, quality `{info.quality}`,
seed {info.seed}.

| split | objects | images | shards |
|---|---|---|---|
{splits}

{info.counts["failures"]} objects could not be made (`failures.parquet`).

## Latents

| factor | law | unit | frame |
|---|---|---|---|
{factors}

## Files

iebench dataset format {FORMAT}: WebDataset tars (`KEY.jpg`, `KEY.json`), each with a Parquet of the same stem and row
order that holds the latents and the place of every JPEG in the tar. Channel order of the JPEGs: {recipe.channel_order}.

Fingerprint `{info.fingerprint}`. Licence: {info.licence}. {recipe.licence_note}
""",
    )
