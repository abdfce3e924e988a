"""Layout of an exported folder, in which the scripts of facebookresearch/SIE run.

    SYNSET/OBJECT/image_I.jpg       view I, the same bytes as in the dataset's tar
    SYNSET/OBJECT/latent_I.npy      its latents, float64, in the order of the recipe's factors
    SYNSET/OBJECT/PASS_I.png        a pass of view I, if the dataset has passes
    data/SPLIT_images.npy           "/SYNSET/OBJECT/" of every object, in the dataset's order
    data/SPLIT_labels.npy           the class of every object, int64
    data/all_latents_SPLIT.npy      (objects * views, factors) float64, view by view
    iebench/                        the dataset's tables, from which `iebench import sie-folder` makes the same dataset

The files in data/ are written last: a folder without them is not finished.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from iebench.manifests.schema import member_suffix
from iebench.manifests.text.plain_text import cleaned, name_fault

from ..errors import DatasetError
from ..importing.published import file_name

OWN = "iebench"  # folder of the dataset's tables inside the exported folder
INDEX = "data"


def object_folder(row: dict[str, Any]) -> str:
    """Return the folder of the object of a row, relative to the exported folder.

    Raises
    ------
    DatasetError : the synset or the id cannot be the name of a folder.

    >>> object_folder({"synset": "03797390", "object_id": "00004"})
    '03797390/00004'
    """
    for name in (row["synset"], row["object_id"]):
        if (fault := name_fault(name)) or name.startswith(".") or name in (OWN, INDEX):
            raise DatasetError(
                f"the object {cleaned(row['synset'])}/{cleaned(row['object_id'])} cannot become a folder "
                f"({fault or 'it begins with a dot, or is a name of the layout'}): leave its class out of the dataset"
            )
    return f"{row['synset']}/{row['object_id']}"


def picture_name(pass_name: str, view: int) -> str:
    """Return the name of a view's JPEG, or of its file of a pass.

    >>> picture_name("", 7), picture_name("depth", 7)
    ('image_7.jpg', 'depth_7.png')
    """
    return (
        f"{pass_name}_{view}.{member_suffix(pass_name).rpartition('.')[2]}" if pass_name else file_name("image", view)
    )


def latent_file(latents: list[float]) -> bytes:
    """Return the content of latent_I.npy."""
    file = io.BytesIO()
    np.save(file, np.array(latents, np.float64))
    return file.getvalue()


def index_paths(out: Path, split: str) -> dict[str, Path]:
    """Return the paths of a split's index: images, labels, latents."""
    return {
        "images": out / INDEX / f"{split}_images.npy",
        "labels": out / INDEX / f"{split}_labels.npy",
        "latents": out / INDEX / f"all_latents_{split}.npy",
    }
