"""Small images and poses of val objects for the page."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.conventions import ANGLES, geodesic_degrees, pose
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.pages.page import embedded
from iebench.manifests.reading.pictures import picture
from iebench.manifests.reading.samples import Sample, Samples

from ..data.rows import spread
from ..data.split_overlap import leaked
from ..errors import NotComparable
from ..protocol import Protocol
from ..results.score import Example

SIDE = 96  # pixels of an image
DIGITS = 6  # of a pose: angles between views to a thousandth of a degree
CAMERA = np.array([0.0, 1.0, 1.0]) / np.sqrt(2)  # direction of the recipes' camera, seen from the object


@dataclass(frozen=True, eq=False)
class Pictures:
    """The val objects of the scores, in their order.

    names : "SYNSET/OBJECT"; classes : names of their classes; first : index of each object's first view
    """

    samples: Samples
    names: list[str]
    classes: list[str]
    first: list[int]

    @staticmethod
    def of(data: Path, info: DatasetInfo, protocol: Protocol, limit: int | None) -> "Pictures":
        """Select the val objects that are scored by a protocol; `limit` as in a smoke run.

        Raises
        ------
        DatasetError : the dataset is damaged.
        """
        samples = Samples(data, info)
        val = [(note, numbers) for note, numbers in samples.objects if note["split"] == "val"]
        kept = [val[i] for i in spread(len(val), limit)]
        if protocol.known_meshes == "left out":
            known = leaked(data)
            kept = [(note, numbers) for note, numbers in kept if (note["synset"], note["object_id"]) not in known]
        return Pictures(
            samples=samples,
            names=[f"{note['synset']}/{note['object_id']}" for note, _ in kept],
            classes=[str(note["class_name"]) for note, _ in kept],
            first=[numbers[0] for _, numbers in kept],
        )

    @property
    def class_names(self) -> dict[str, str]:
        """Names of the classes by synset."""
        return {name.split("/", 1)[0]: of for name, of in zip(self.names, self.classes, strict=True)}

    def views(self, views: Iterable[tuple[int, int]]) -> dict[str, str]:
        """Return images of some views, (object, view), as sources of <img> by "OBJECT.VIEW"."""
        ordered = sorted(set(views))
        samples = self.samples.at(self.first[i] + view for i, view in ordered)
        return {f"{i}.{view}": self._source(sample) for (i, view), sample in zip(ordered, samples, strict=True)}

    def index(self, example: Example, path: Path) -> int:
        """Return the number of the object of an example in the score at `path`.

        Raises
        ------
        NotComparable : the dataset does not have the object or one of the views.
        """
        return self.number(example.synset, example.object_id, (example.source, example.target, example.found), path)

    def number(self, synset: str, object_id: str, views: Sequence[int], path: Path) -> int:
        """Return the number of an object of which the score at `path` shows some views.

        Raises
        ------
        NotComparable : the dataset does not have the object or one of the views.
        """
        name = f"{synset}/{object_id}"
        if name not in self.names or max(views) >= self.samples.info.recipe.views:
            raise NotComparable(
                f"{path} has an example of the object {name!a:.80}, views {', '.join(map(str, views))}, which its "
                "dataset does not have among the val objects that were scored: restore it, or score again"
            )
        return self.names.index(name)

    def turn(self, index: int, source: int, target: int) -> tuple[float, NDArray[np.float64]] | None:
        """Return the rotation between two views of an object; None if there are no angles.

        returns : degrees; (2, 3, 3), the object -> world matrices of source and target
        """
        if not set(ANGLES) <= set(self.samples.info.recipe.factor_names):
            return None
        first, second = self.samples.at(self.first[index] + view for view in (source, target))
        angles = np.array([[sample.row[name] for name in ANGLES] for sample in (first, second)])
        poses = pose(angles)
        before, after = poses.as_quat()
        return float(geodesic_degrees(before[None], after[None])[0]), poses.as_matrix()

    def poses(self, views: Iterable[tuple[int, int]]) -> dict[str, list[float]]:
        """Return the poses of some views, (object, view), by "OBJECT.VIEW"; {} if there are no angles.

        A pose is a quaternion, scalar last, then the ends of the object's x, y and z axis as `projected` has them.
        """
        ordered = sorted(set(views))
        if not ordered or not set(ANGLES) <= set(self.samples.info.recipe.factor_names):
            return {}
        samples = self.samples.at(self.first[i] + view for i, view in ordered)
        rotations = pose([[sample.row[name] for name in ANGLES] for sample in samples])
        ends = projected(rotations.as_matrix()).reshape(-1, 6)
        numbers = np.concatenate([rotations.as_quat(), ends], axis=1).round(DIGITS).tolist()
        return {f"{i}.{view}": numbers[k] for k, (i, view) in enumerate(ordered)}

    def image(self, index: int, view: int) -> Image.Image:
        """Return a small image of a view."""
        [sample] = self.samples.at([self.first[index] + view])
        return self._small(sample)

    def _small(self, sample: Sample) -> Image.Image:
        image = Image.fromarray(picture(sample, self.samples.info.recipe))
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        return image

    def _source(self, sample: Sample) -> str:
        out = io.BytesIO()
        self._small(sample).save(out, "JPEG", quality=80)
        return embedded(out.getvalue(), "jpeg")


def projected(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ends of an object's three axes as the camera sees them, x to the right and y downwards.

    matrices : (n, 3, 3), object -> world; returns : (n, 3 axes, 2), in [-1, 1]
    """
    right = np.cross(-CAMERA, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    across = np.stack([right, -np.cross(right, -CAMERA)])
    ends: NDArray[np.float64] = (across @ matrices).swapaxes(1, 2)
    return ends
