"""The pass `boxes` of a view: camera, pose and boxes of its objects, stored as the JSON member KEY.boxes.json.

Pixels are measured from the image's top left corner, so that the centre of the first pixel is (0.5, 0.5). The camera's
frame is OpenCV's: x to the right, y down, z forward.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError

_SHAPES: dict[str, tuple[int, ...]] = {
    "intrinsics": (3, 3), "world_to_camera": (4, 4), "object_to_camera": (4, 4),
    "low": (3,), "high": (3,), "visible": (4,), "whole": (4,),
}  # fmt: skip
_OPTIONAL = ("visible", "whole")
_OTHERS = "others"  # name of the list of companions, if the scene has any


@dataclass(frozen=True, eq=False)
class Boxes:
    """Camera, pose and boxes of a view's object.

    intrinsics : (3, 3) float64, pixels; K in (u w, v w, w) = K (x, y, z)
    world_to_camera, object_to_camera : (4, 4) float64; the object's frame is that of the pass `nocs`
    low, high : (3,) float64; opposite corners of the object's box, parallel to the axes of its own frame
    visible : (4,) float64, pixels: left, top, right, bottom of the pixels in `mask`; None if there are none
    whole : (4,) float64, pixels; the same of all projected vertices, hidden or outside the image too; None if the
        object reaches behind the camera
    others : the same of the other objects in the scene
    """

    intrinsics: NDArray[np.float64]
    world_to_camera: NDArray[np.float64]
    object_to_camera: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    visible: NDArray[np.float64] | None
    whole: NDArray[np.float64] | None
    others: "tuple[Boxes, ...]" = ()

    @property
    def corners(self) -> NDArray[np.float64]:
        """Corners of the 3D box in the camera's frame, (8, 3); the object's z changes fastest."""
        axes = np.meshgrid(*np.stack([self.low, self.high], axis=1), indexing="ij")
        corners = np.stack(axes, axis=-1).reshape(8, 3)
        moved: NDArray[np.float64] = corners @ self.object_to_camera[:3, :3].T + self.object_to_camera[:3, 3]
        return moved

    def encode(self) -> bytes:
        """Return the content of KEY.boxes.json."""
        others = {_OTHERS: [other._table() for other in self.others]} if self.others else {}
        return json.dumps(self._table() | others).encode()

    def _table(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in _SHAPES}
        return {name: None if v is None else rounded(v).tolist() for name, v in values.items()}


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with nine decimals, so that the last bits of a product do not matter, and without minus zero."""
    return np.round(values, 9) + 0.0


def boxes(content: bytes) -> Boxes:
    """Decode a stored pass `boxes`.

    Raises
    ------
    DatasetError : the content is not the JSON of such a pass; the message says why.
    """
    try:
        stored = json.loads(content)
    except ValueError as error:
        raise DatasetError("is not JSON") from error
    others = stored.pop(_OTHERS, []) if isinstance(stored, dict) else []
    if not isinstance(others, list):
        raise DatasetError(f"has {_OTHERS} that are no list")
    return replace(_boxes(stored), others=tuple(map(_boxes, others)))


def _boxes(stored: Any) -> Boxes:
    if not isinstance(stored, dict) or set(stored) != set(_SHAPES):
        raise DatasetError(f"does not have exactly the names {', '.join(_SHAPES)}")
    values: dict[str, Any] = {name: _values(name, stored[name]) for name in _SHAPES}
    return Boxes(**values)


def _values(name: str, stored: Any) -> NDArray[np.float64] | None:
    if stored is None and name in _OPTIONAL:
        return None
    try:
        values = np.array(stored, np.float64)
    except (TypeError, ValueError) as error:
        raise DatasetError(f"has a {name} that is not made of numbers") from error
    if values.shape != _SHAPES[name] or not np.isfinite(values).all():
        raise DatasetError(f"has a {name} that is not {' x '.join(map(str, _SHAPES[name]))} finite numbers")
    return values
