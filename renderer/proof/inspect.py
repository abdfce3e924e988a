"""The main path of `iebench inspect`: select samples, draw sheets and charts, write them as PNG and as one page."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iebench.manifests import schema
from iebench.manifests.common.files import write_atomic
from iebench.manifests.dataset import DatasetInfo, read_table
from iebench.manifests.errors import DatasetError
from iebench.manifests.pages.figures import png, styled, svg
from iebench.manifests.reading import choose
from iebench.manifests.reading.samples import AGAIN, Samples
from iebench.manifests.reading.sheet import sheet

from .charts import faces_figure, latents_figure
from .page import Objects, page

PAGE = "index.html"
OBJECTS = 4  # number of objects whose views are shown


def inspect(folder: Path, out: Path) -> list[Path]:
    """Write images of a dataset, and a page that contains them, into the folder `out`; return the paths written.

    Raises
    ------
    DatasetError : the dataset is missing, unfinished, damaged or empty.
    DiskError : a file cannot be written.
    """
    info = DatasetInfo.load(folder)
    samples = Samples(folder, info)
    if not samples.objects:
        raise DatasetError(f"{folder} holds no pictures: {folder / 'failures.parquet'} gives the causes")
    objects = read_table(folder / "objects.parquet", schema.OBJECTS).to_pylist()
    _check_numbers(samples, objects)
    rows = {
        "classes": [choose.classes(samples)],
        "views": choose.views(samples, OBJECTS),
        "sweeps": choose.sweeps(samples),
    }
    files = {f"{name}.png": _png(sheet(chosen, samples)) for name, chosen in rows.items() if chosen}
    charts: dict[str, str] = {}
    with styled():
        figures = {"latents": latents_figure(samples)}
        if any(note["faces"] for note in objects):  # unknown for published images
            figures["faces"] = faces_figure(objects)
        for name, figure in figures.items():
            files[f"{name}.png"], charts[name] = png(figure), svg(figure)
    failures: list[dict[str, Any]] = read_table(folder / "failures.parquet", schema.FAILURES).to_pylist()
    files[PAGE] = page(folder.resolve().name, samples, rows, charts, objects, failures).encode()
    for name, content in files.items():
        write_atomic(out / name, content)
    return [out / name for name in files]


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _check_numbers(samples: Samples, objects: Objects) -> None:
    """Check that latents are finite and no object has a negative number of faces, so that both can be drawn."""
    for note in objects:
        if note["faces"] is not None and note["faces"] < 0:
            name = f"{note['synset']}/{note['object_id']}"
            raise DatasetError(f"{samples.folder / 'objects.parquet'} gives {name} {note['faces']} faces: {AGAIN}")
    for name, values in samples.latents().items():
        if not np.isfinite(values).all():
            raise DatasetError(f"{samples.folder}: {name} is not finite in some views; `iebench verify` names them")
