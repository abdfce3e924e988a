"""A dataset as HTML, for notebooks: sizes, a few of its images, and a table of its factors."""

import io
from collections.abc import Iterable, Mapping, Sequence

from PIL.Image import Image

from iebench.manifests.brief import few
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.pages.page import embedded
from iebench.manifests.schema import SPLITS
from iebench.manifests.text.escapes import html

Latents = Mapping[str, float]

SIDE = 96  # of an image on the page, in pixels
LEFT = ' style="text-align: left"'
SMALL = ' style="opacity: 0.65; font-size: 85%"'


def as_html(title: str, info: DatasetInfo, classes: Sequence[str], views: Iterable[tuple[Image, Latents]]) -> str:
    """Format as a <div> without script, with the given views, whose tooltips have the latents."""
    counts = {split: info.counts[split] for split in SPLITS if split in info.counts}
    sizes = [f"{each['images']:,} {split} images of {each['objects']:,} objects" for split, each in counts.items()]
    head = f"{title}: {', '.join(sizes)}; recipe {info.recipe.name}, {info.recipe.resolution} pixels"
    rows = [(f.name, f.unit, f.in_words, f.group_name, f.frame) for f in info.recipe.factors]
    table = "".join(f"<tr>{''.join(f'<td{LEFT}>{html(cell)}</td>' for cell in row)}</tr>" for row in rows)
    titles = "".join(f"<th{LEFT}>{column}</th>" for column in ("factor", "unit", "law", "group", "meaning"))
    return "\n".join(
        [
            '<div style="overflow-x: auto">', f"<p><b>{html(head)}</b></p>",
            f"<p>{' '.join(_picture(image, latents) for image, latents in views)}</p>",
            f"<p{SMALL}>{len(classes)} classes: {html(few(classes, 12))}</p>",
            f"<table><thead><tr>{titles}</tr></thead>", f"<tbody>{table}</tbody></table>", "</div>",
        ]
    )  # fmt: skip


def _picture(image: Image, latents: Latents) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    words = ", ".join(f"{name} {value:.3g}" for name, value in latents.items())
    source = embedded(buffer.getvalue(), "jpeg")
    return f'<img src="{source}" width="{SIDE}" height="{SIDE}" alt="view" title="{html(words)}">'
