"""Index of a shard: the Parquet beside a tar, with one row per image."""

import pyarrow as pa

from ..recipe import Recipe
from ..schema import fixed_fields


def rows(recipe: Recipe) -> pa.Schema:
    """Return the schema of the Parquet beside a tar: one row per image, in the tar's order.

    Columns are key, identity and view; the latents as float64 with unit, frame, law and, where not every view has a
    value of its own, `drawn` in the field's metadata; the JPEG's offset and size in the tar in bytes and its SHA-256;
    and the same for every pass (`depth_offset`, ...).
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
                **({} if factor.drawn == "view" else {"drawn": factor.drawn}),
            },
        )
        for factor in recipe.factors
    ]
    head, members = fixed_fields(recipe.passes)
    return pa.schema([*head, *latents, *members])
