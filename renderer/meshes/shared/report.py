"""What the inspection of a mesh finds; docs/format.md has the same as columns of objects.parquet."""

from dataclasses import dataclass

NOTES = "iebench"  # key of a read mesh's metadata: what was taken otherwise than the file has it


@dataclass(frozen=True)
class Report:
    """The geometry of a whole object, its parts put in place, before Blender sees it.

    vertices : how many the faces use; triangles : faces, after polygons are cut
    bad_vertices : with a coordinate that is not a finite number; flat_faces : triangles without area, up to rounding
    watertight : whether every edge has two faces, once vertices at one place are one and no face is there twice
    extent : of the bounding box along the file's x, y, z, in its units
    """

    vertices: int
    triangles: int
    bad_vertices: int
    flat_faces: int
    watertight: bool
    extent: tuple[float, float, float]

    @property
    def problem(self) -> str | None:
        """Why it cannot be rendered, in words that follow the file's name; None if it can."""
        if self.triangles == 0:
            return "holds no faces"
        if self.bad_vertices:
            return f"has {self.bad_vertices} vertices that are not finite numbers"
        if max(self.extent) == 0:
            return "has no extent: all vertices coincide"
        if self.flat_faces == self.triangles:
            return "has no surface: all its faces have an area of zero, up to rounding"
        return None
