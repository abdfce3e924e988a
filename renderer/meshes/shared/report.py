"""Result of the inspection of a mesh; docs/reference/format.md has the same values as columns of objects.parquet."""

from dataclasses import dataclass

NOTES = "iebench"  # key of a mesh's metadata: notes on differences from the file


@dataclass(frozen=True)
class Report:
    """Geometry of a whole object, its parts placed, before it reaches Blender.

    vertices : number of vertices used by faces; triangles : number of faces after polygons are cut
    bad_vertices : number with a non-finite coordinate; flat_faces : number of triangles without area, up to rounding
    watertight : True if every edge has two faces, after vertices at one position are merged and duplicate faces removed
    extent : size of the bounding box along the file's x, y, z, in the file's units
    """

    vertices: int
    triangles: int
    bad_vertices: int
    flat_faces: int
    watertight: bool
    extent: tuple[float, float, float]

    @property
    def problem(self) -> str | None:
        """Reason why the object cannot be rendered, as a predicate that follows the file's name; None if it can."""
        if self.triangles == 0:
            return "holds no faces"
        if self.bad_vertices:
            return f"has {self.bad_vertices} vertices that are not finite numbers"
        if max(self.extent) == 0:
            return "has no extent: all vertices coincide"
        if self.flat_faces == self.triangles:
            return "has no surface: all its faces have an area of zero, up to rounding"
        return None
