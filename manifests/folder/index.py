"""The index of a shard: the Parquet beside a tar, with a row for each image."""

import pyarrow as pa

from ..recipe import Recipe
from ..schema import fixed_fields


def rows(recipe: Recipe) -> pa.Schema:
    """The Parquet beside a tar: one row per image, in the tar's order.

    key, identity, view; the latents as float64 with unit, frame and law in the field's metadata; then where the
    JPEG lies in the tar (offset and size in bytes) and its SHA-256, and the same for every pass (`depth_offset`, ...).
    """
    latents = [
        pa.field(
            factor.name,
            pa.float64(),
            metadata={
                "unit": factor.unit,
                "frame": factor.frame,
                "law": repr(factor.law),
                "circular": str(factor.circular),
            },
        )
        for factor in recipe.factors
    ]
    head, members = fixed_fields(recipe.passes)
    return pa.schema([*head, *latents, *members])
