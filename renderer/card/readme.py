"""The dataset card: README.md of a dataset folder, with the header that the Hugging Face Hub needs.

`datasets` uses one reader for all configurations of a folder, that of the first (huggingface/datasets issue 7101).
Therefore the header has a configuration only for the tars, and the Parquet files are loaded by their paths.
"""

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.schema import FORMAT, SPLITS, member_suffix
from iebench.manifests.text.escapes import markdown, markdown_code, markdown_row, yaml
from iebench.manifests.text.plain_text import cleaned

from .facts import HUB_SPLITS, PASS_TEXT, citations, licence, summary, title

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


def readme(info: DatasetInfo) -> str:
    """Return the text of the card."""
    head = [_header(info), f"# {markdown(title(info))}", markdown(summary(info))]
    sections = [_splits(info), _latents(info), _passes(info), _use(info), _files(info), _terms(info)]
    return "\n\n".join(part for part in [*head, *sections] if part) + "\n"


def _header(info: DatasetInfo) -> str:
    images = sum(info.counts[split]["images"] for split in SPLITS)
    size = next((name for limit, name in _SIZES if images < limit), "n>10M")
    known = licence(info)
    named = [f"license_name: {yaml(info.licence)}"] if known.hub == "other" else []
    files = [f'  - {{split: {HUB_SPLITS[s]}, path: "{s}/*.tar"}}' for s in SPLITS if info.counts[s]["images"]]
    lines = [
        f"license: {known.hub}", *named, f"pretty_name: {yaml(title(info))}", f"size_categories: [{size}]",
        "task_categories: [image-feature-extraction, image-classification]",
        "tags: [iebench, equivariance, self-supervised-learning, 3d, synthetic, webdataset]", "configs:",
        "- config_name: images", "  data_files:", *files,
    ]  # fmt: skip
    return "\n".join(["---", *lines, "---"])


def _splits(info: DatasetInfo) -> str:
    rows = [
        f"| {HUB_SPLITS[s]} | {info.counts[s]['objects']} | {info.counts[s]['images']} | {info.counts[s]['shards']} |"
        for s in SPLITS
    ]
    failed = f"\n\n{info.counts['failures']} objects have no pictures; `failures.parquet` says why of each."
    return "\n".join(["| split | objects | images | shards |", "|---|---|---|---|", *rows]) + failed


def _latents(info: DatasetInfo) -> str:
    rows = [
        [markdown_code(f.name), *map(markdown, (f.in_words, f.unit, "yes" if f.circular else "no", f.frame))]
        for f in info.recipe.factors
    ]
    text = (
        "Angles in radians, lengths in units of the object's bounding-box diagonal, world z up. A pose is "
        "`R = Rz(rot_z) Ry(rot_y) Rx(rot_x)`, object to world, for column vectors: scipy's\n"
        '`Rotation.from_euler("xyz", [rot_x, rot_y, rot_z])`.'
    )
    head = ["| latent | law | unit | circular | frame |", "|---|---|---|---|---|"]
    return "\n".join(["## Latents", "", text, "", *head, *map(markdown_row, rows)])


def _passes(info: DatasetInfo) -> str:
    rows = [f"| `KEY.{member_suffix(name)}` | {PASS_TEXT[name]} |" for name in info.recipe.pass_files]
    return "\n".join(["## Passes", "", "| member | pixel |", "|---|---|", *rows]) if rows else ""


def _use(info: DatasetInfo) -> str:
    swapped, factor = info.recipe.channel_order == "bgr", cleaned(info.recipe.factor_names[0])
    split = next((s for s in SPLITS if info.counts[s]["images"]), SPLITS[0])
    hub = HUB_SPLITS[split]
    note = (
        "\n\nThe JPEGs have **red and blue exchanged**, as published: what a reader takes for RGB is BGR, and "
        "`image[..., ::-1]` is the true colour. iebench exchanges them itself."
        if swapped
        else ""
    )
    return f"""## Use

In this folder:

```python
import os
from datasets import load_dataset

folder = os.path.abspath(".")  # or the dataset's name on the Hub
images = load_dataset(folder, "images", split="{hub}", streaming=True)
sample = next(iter(images))
picture, latents = sample["jpg"], sample["json"]  # a PIL image; a dict with "{factor}", ...

# all latents without a picture; on the Hub, folder is "hf://datasets/" and the name
tables = load_dataset("parquet", data_files={{"{hub}": f"{{folder}}/{split}/*.parquet"}}, split="{hub}")
```

Any picture at once, without unpacking:

```python
import io
import pyarrow.parquet as pq
from PIL import Image

row = pq.read_table("{split}/00000.parquet").slice(0, 1).to_pylist()[0]
with open("{split}/00000.tar", "rb") as tar:
    tar.seek(row["offset"])
    picture = Image.open(io.BytesIO(tar.read(row["size"])))
```

`iebench train --data .` and `iebench score --data .` read it as it is, `iebench verify .` checks every byte, and
`sha256sum -c SHA256SUMS` does without iebench. `croissant.json` describes it to machines (Croissant
1.0; mlcroissant keeps extracted tars by their relative path, so give each dataset its own `CROISSANT_CACHE`).{note}"""


def _files(info: DatasetInfo) -> str:
    return f"""## Files

iebench dataset format {FORMAT}: `SPLIT/NNNNN.tar` is a WebDataset shard with `KEY.jpg` and `KEY.json` of every picture,
`SPLIT/NNNNN.parquet` its index in the same order: latents, and offset, size and SHA-256 of every picture in the tar.
`objects.parquet` lists the objects, `dataset.json` holds the recipe: laws, scene, JPEG settings, render quality."""


def _terms(info: DatasetInfo) -> str:
    entries = "\n\n".join(citations(info))
    return f"""## Licence and citation

{markdown(info.licence)}. {markdown(info.recipe.licence_note)}

```bibtex
{entries}
```

Fingerprint {markdown_code(info.fingerprint)}."""
