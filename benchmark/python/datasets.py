"""`open_dataset`: a dataset's size, classes, factors, images and latents."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from iebench.manifests.dataset import DatasetInfo, newest
from iebench.manifests.factors import Factor
from iebench.manifests.reading.passes import Passes, passes_of
from iebench.manifests.reading.samples import Samples
from iebench.manifests.schema import SPLITS

from ..errors import UnknownName

if TYPE_CHECKING:
    from ..data.images import Images
    from .objects import Objects


SHOWN = 8  # images in a notebook


class View(NamedTuple):
    """One image of an object, and its latents: factor name -> value in the factor's unit."""

    image: Image.Image
    latents: dict[str, float]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A finished dataset: a sequence of its views, those of train first, then those of val.

    >>> data = open_dataset("data/builtin")  # doctest: +SKIP
    >>> image, latents = data[0]  # doctest: +SKIP
    """

    folder: Path
    info: DatasetInfo
    _opened: dict[str, "Images"] = field(default_factory=dict, init=False)

    def __len__(self) -> int:
        return sum(self._sizes.values())

    def __repr__(self) -> str:
        sizes = ", ".join(f"{size} {split}" for split, size in self._sizes.items())
        factors = ", ".join(factor.name for factor in self.factors)
        return f"Dataset({str(self.folder)!r}: {sizes} images, {len(self.classes)} classes; factors {factors})"

    def _repr_html_(self) -> str:
        """Format the dataset for a notebook, with a few images that are spread evenly over it."""
        from .dataset_html import as_html

        shown = min(SHOWN, len(self))
        return as_html(str(self.folder), self.info, self.classes, (self[i * len(self) // shown] for i in range(shown)))

    def __getitem__(self, index: int) -> View:
        """Read one view.

        index : 0 <= index < len(self), or negative from the end

        Raises
        ------
        IndexError : no such view.
        DatasetError : missing or damaged.
        """
        row = index + len(self) if index < 0 else index
        for split, size in self._sizes.items():
            if 0 <= row < size:
                images = self.images(split)
                latents = {name: float(values[row]) for name, values in images.latents.items()}
                return View(Image.fromarray(images.read([row])[0]), latents)
            row -= size
        raise IndexError(f"{self.folder} has {len(self)} views, and no view {index}")

    def passes(self, index: int) -> Passes:
        """Read the passes of one view as arrays: depth, mask, normal, nocs, flow, boxes and camera, as far as stored.

        index : as for an image

        Raises
        ------
        IndexError : no such view.
        DatasetError : missing or damaged.
        """
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(f"{self.folder} has {len(self)} views, and no view {index}")
        [sample] = self._samples.at([row])
        return passes_of(sample, self.info.recipe)

    @cached_property
    def _samples(self) -> Samples:
        return Samples(self.folder, self.info)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their labels."""
        names: dict[int, str] = {}
        for split, size in self._sizes.items():
            if size:
                table = self.images(split).table.group_by(["label", "class_name"]).aggregate([])
                names.update(zip(table["label"].to_pylist(), table["class_name"].to_pylist(), strict=True))
        return tuple(names[label] for label in sorted(names))

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The factors of variation, as the recipe defines them: name, unit, law and so on."""
        return self.info.recipe.factors

    def images(self, split: str) -> "Images":
        """Return a split with random access to its images, latents, labels and objects as arrays.

        Raises
        ------
        UnknownName : no such split.
        DatasetError : missing or damaged.
        """
        from ..data.images import Images

        if split not in SPLITS:
            raise UnknownName("split", str(split), SPLITS)
        if split not in self._opened:
            self._opened[split] = Images.open(self.folder, split)
        return self._opened[split]

    def torch(
        self, split: str = "train", views: int | None = None, resolution: int | None = None, seed: int = 0
    ) -> "Objects":
        """Return a split as a `torch.utils.data.Dataset` whose items are objects; see `Objects`.

        views : number of distinct views of each object, drawn anew each epoch; None for all of them, in order
        resolution : side of the images in pixels; None for that of the dataset
        seed : of the drawn views

        Raises
        ------
        UnknownName, UsageError : no such split; more views, or more pixels, than there are.
        DatasetError : missing or damaged.
        """
        from .objects import Objects

        return Objects(self.images(split), views, resolution, seed)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {split: int(self.info.counts[split]["images"]) for split in SPLITS if split in self.info.counts}


def open_dataset(folder: Path | str | None = None) -> Dataset:
    """Open a finished dataset; images are read when they are used.

    folder : None for the newest under data/

    Raises
    ------
    DatasetError : no dataset there, or a damaged one.
    """
    path = newest() if folder is None else Path(folder)
    return Dataset(path, DatasetInfo.load(path))


def folder_of(data: Dataset | Path | str | None) -> Path | None:
    """Return the folder of a dataset that is given as such or by its path; None stays None."""
    return data.folder if isinstance(data, Dataset) else data if data is None else Path(data)
