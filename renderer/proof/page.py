"""The page of `iebench inspect`: one self-contained HTML file, readable in light and dark mode."""

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from statistics import median
from string import Template
from typing import Any

from PIL import Image

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.fit import fit
from iebench.manifests.pages.page import embedded, page_style
from iebench.manifests.reading.choose import Row
from iebench.manifests.reading.pictures import picture
from iebench.manifests.reading.samples import Samples
from iebench.manifests.schema import SPLITS
from iebench.manifests.text.escapes import html as escape

THUMBNAIL = 224  # pixels at most; shown at half this size, so that images are sharp on dense screens
LISTED = 50  # most failures, missing textures or notes that are listed

Objects = Sequence[Mapping[str, Any]]
"""Rows of objects.parquet or failures.parquet."""


def page(
    name: str, samples: Samples, rows: Mapping[str, Sequence[Row]], charts: Mapping[str, str], objects: Objects,
    failures: Objects,
) -> str:  # fmt: skip
    """Return the page of a dataset.

    rows : samples under "classes", "views" and "sweeps"
    charts : <svg> elements under "latents", and under "faces" if face counts are known
    """
    info = samples.info
    template = Template((files("iebench.renderer.proof") / "inspect.html").read_text(encoding="utf-8"))
    return template.substitute(
        style=page_style(),
        name=escape(name),
        summary=escape(_summary(info)),
        facts=_list(_facts(info)),
        classes=_tiles(rows["classes"], samples),
        views=_tiles(rows["views"], samples),
        sweeps=_tiles(rows["sweeps"], samples),
        latents=charts["latents"],
        laws="".join(_laws(samples)),
        faces=charts.get("faces", ""),
        assets=_list(_assets(objects)),
        failures=_failures(failures),
    )


def _summary(info: DatasetInfo) -> str:
    images, recipe = sum(info.counts[split]["images"] for split in SPLITS), info.recipe
    return f"{images:,} images of {recipe.resolution} pixels, {info.counts['classes']} classes, recipe {recipe.name}"


def _facts(info: DatasetInfo) -> Iterable[tuple[str, str]]:
    yield "objects from", info.source
    yield "latents", f"drawn from seed {info.seed}" if info.latents == "drawn" else info.latents
    yield "made with", ", ".join(str(value) for value in info.renderer.values())
    yield "quality", info.quality
    for split in SPLITS:
        yield split, ", ".join(f"{number:,} {kind}" for kind, number in info.counts[split].items())
    if info.recipe.passes:
        yield "passes", ", ".join(info.recipe.passes)
    yield "channel order", info.recipe.channel_order
    yield "licence", info.licence
    yield "fingerprint", info.fingerprint


def _tiles(rows: Sequence[Row], samples: Samples) -> str:
    return "".join(_row(row, samples) for row in rows) or "<p class='soft'>None.</p>"


def _row(row: Row, samples: Samples) -> str:
    title = f"<h3>{escape(row.title)}</h3>" if row.title else ""
    tiles = []
    for sample, caption in zip(row.samples, row.captions, strict=True):
        image = Image.fromarray(picture(sample, samples.info.recipe))
        image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=90)
        source = embedded(out.getvalue(), "jpeg")
        tiles.append(
            f"<figure><img src='{source}' alt='{escape(sample.key)}' title='{escape(sample.key)}'>"
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )
    return f"{title}<div class='tiles'>{''.join(tiles)}</div>"


def _laws(samples: Samples) -> Iterable[str]:
    values = samples.latents()
    for factor in samples.info.recipe.factors:
        comparison = fit(values[factor.name], factor.law)
        cells = (
            factor.name, factor.in_words, factor.unit, factor.frame,
            f"{comparison.least:.4f}", f"{comparison.greatest:.4f}", str(comparison.outside),
            f"{comparison.distance:.4f}",
        )  # fmt: skip
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _assets(objects: Objects) -> Iterable[tuple[str, str]]:
    for status, count in Counter(note["status"] for note in objects).most_common():
        yield status, f"{count:,} object{'s' if count != 1 else ''}"
    made = [note for note in objects if note["faces"]]  # meshes of published images are unknown
    for column in ("faces", "materials", "textures"):
        numbers = [note[column] for note in made if note[column] is not None]
        if numbers:
            yield column, f"{min(numbers):,} to {max(numbers):,}, median {median(numbers):,.0f}"
    if made:
        yield "distinct meshes", f"{len({note['mesh_sha256'] for note in made}):,}"
    for column, words in (("bad_vertices", "vertices that are not finite"), ("flat_faces", "faces without area")):
        counts = [note[column] for note in made if note[column]]
        if counts:
            yield words, f"{sum(counts):,} in {len(counts):,} objects, left out"
    doubled = [note for note in made if note["doubles"]]
    if doubled:
        faces, doubles = (sum(note[column] for note in doubled) for column in ("faces", "doubles"))
        yield "duplicate faces", f"{doubles:,} of {faces + doubles:,} in {len(doubled):,} objects, drawn once"
    for column, words in (("missing", "missing"), ("notes", "note")):
        lines = [(note, line) for note in made for line in (note[column] or "").splitlines()]
        for note, line in lines[:LISTED]:
            yield words, f"{line}, of {note['path'] or note['object_id']}"
        if len(lines) > LISTED:
            yield words, f"... and {len(lines) - LISTED:,} more in objects.parquet"


def _failures(failures: Objects) -> str:
    if not failures:
        return "<p class='soft'>No object failed.</p>"
    lines = "".join(
        f"<tr><td>{escape(f['synset'])}/{escape(f['object_id'])}</td><td>{escape(f['split'])}</td>"
        f"<td class='wrap'>{escape(f['cause'])}</td></tr>"
        for f in failures[:LISTED]
    )
    rest = len(failures) - LISTED
    more = f"<p class='soft'>... and {rest:,} more in failures.parquet.</p>" if rest > 0 else ""
    head = "<thead><tr><th>object</th><th>split</th><th>cause</th></tr></thead>"
    return f"<div class='scroll'><table>{head}<tbody>{lines}</tbody></table></div>{more}"


def _list(entries: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in entries) + "</dl>"
