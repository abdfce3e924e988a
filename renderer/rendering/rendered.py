"""The result of `render`: the folder of the dataset, and a summary of its content."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from iebench.manifests.common.progress import duration
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.schema import SPLITS

from ..output.store import open_store


@dataclass(frozen=True, repr=False)
class RenderedDataset:
    """A finished dataset.

    folder : its folder, or its URL in a cloud store; `iebench.benchmark.open_dataset` reads a folder
    info : content of its dataset.json: recipe, renderer, counts and so on
    seconds : duration of the call
    notes : sentences about the source and the recipe
    """

    folder: Path | str
    info: DatasetInfo
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def images(self) -> int:
        """Number of images of both splits."""
        return sum(int(self.info.counts[split]["images"]) for split in SPLITS)

    @property
    def objects(self) -> int:
        """Number of objects of both splits that have images."""
        return sum(int(self.info.counts[split]["objects"]) for split in SPLITS)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the recipe and all images."""
        return self.info.fingerprint

    @property
    def failures(self) -> list[dict[str, str]]:
        """The objects that could not be rendered: synset, object_id, split and cause of each."""
        with open_store(str(self.folder)).open("failures.parquet") as file:
            rows: list[dict[str, str]] = pq.read_table(file).to_pylist()
        return rows

    def __repr__(self) -> str:
        failed = f", {count} objects failed" if (count := self.info.counts["failures"]) else ""
        return (
            f"RenderedDataset({str(self.folder)!r}: {self.images} images of {self.objects} objects, "
            f"{self.info.counts['classes']} classes{failed}; {duration(self.seconds)})"
        )
