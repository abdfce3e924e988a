"""The published datasets and their file layout.

    SYNSET/OBJECT/image_I.jpg     a view, red and blue exchanged
    SYNSET/OBJECT/latent_I.npy    its latents, float64, in the order of the recipe's factors

Parent folders may precede this path, as in an archive.
"""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from iebench.manifests.recipe import load
from iebench.manifests.schema import SPLITS
from iebench.manifests.taxonomy import classes, official_objects

from ..errors import UnknownName
from ..plan import Plan
from ..sources import ObjectRef

QUALITY = "as released"
LAYOUT = "SYNSET/OBJECT/image_I.jpg"


@dataclass(frozen=True)
class Published:
    """One published dataset.

    recipe : shipped recipe that describes how it was made
    splits : splits of the official list that it contains
    """

    recipe: str
    splits: tuple[str, ...]
    licence: str


PUBLISHED = {
    "3diebench": Published("3diebench-as-released", SPLITS, "CC-BY-NC"),
    "3diebench-t": Published("3diebench-t-as-released", SPLITS, "CC-BY-NC-4.0"),
    "3diebench-ood": Published("3diebench-ood-as-released", ("val",), "as its publisher states (Hafez/3DIEBench-OOD)"),
}


def published_plan(name: str, views: int, resolution: int, limit: int | None = None) -> Plan:
    """Return the plan of a published dataset: the objects and splits of the official list, whatever files exist.

    views : number of views per object, numbered from 0; resolution : side of the images in pixels
    limit : most objects, spread over the list

    Raises
    ------
    UnknownName : the dataset is unknown.
    """
    if name not in PUBLISHED:
        raise UnknownName("published dataset", name, PUBLISHED)
    dataset = PUBLISHED[name]
    known = {c.synset: c for c in classes()}
    objects = [
        ObjectRef(
            row["synset"], row["object_id"], known[row["synset"]].name, known[row["synset"]].label, row["split"], None
        )
        for row in official_objects().to_pylist()
        if row["split"] in dataset.splits
    ]
    recipe = replace(load(dataset.recipe), views=views, resolution=resolution)
    plan = Plan(recipe, QUALITY, None, f"{name} {QUALITY}", dataset.licence, tuple(objects))
    return plan.limited(limit) if limit else plan


class FileKey(NamedTuple):
    """Key of a file in the layout; kind is "image" or "latent"."""

    synset: str
    object_id: str
    kind: str
    view: int

    @property
    def name(self) -> str:
        """Name of the file without its folders."""
        return file_name(self.kind, self.view)


_PATH = re.compile(
    r"(?:.*/)?(?P<synset>\d{8})/(?P<object>[^/]+)/(?:image_(?P<image>\d{1,3})\.jpg|latent_(?P<latent>\d{1,3})\.npy)",
    re.DOTALL,
)


def file_key(path: str) -> FileKey | None:
    """Return the key of the file at a path; None if it is not part of the layout.

    >>> file_key("3DIEBench/03797390/00004/image_7.jpg")
    FileKey(synset='03797390', object_id='00004', kind='image', view=7)
    >>> file_key("3DIEBench/README") is None
    True
    """
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind = "image" if match["image"] is not None else "latent"
    key = FileKey(match["synset"], match["object"], kind, int(match[kind]))
    return key if path.endswith(key.name) else None  # otherwise image_007.jpg would count as image_7.jpg


def file_name(kind: str, view: int) -> str:
    """Return the name of a file in the layout.

    >>> file_name("image", 7), file_name("latent", 7)
    ('image_7.jpg', 'latent_7.npy')
    """
    return f"{kind}_{view}.{'jpg' if kind == 'image' else 'npy'}"
