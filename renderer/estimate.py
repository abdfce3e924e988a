"""Estimates of a dataset's cost before it is rendered: CPU time, bytes, and the time limit of a worker."""

from iebench.manifests.common.progress import duration
from iebench.manifests.common.space import size
from iebench.manifests.recipe import Quality, Recipe

from .blender.zones import ground_size
from .plan import Plan

# Measured core-seconds: per image, per sample per pixel at 256 pixels, and per denoising at 256 pixels by prefilter.
_PER_PICTURE, _PER_SAMPLE_AT_256, _DENOISE_AT_256 = 0.014, 0.079, {"ACCURATE": 1.3, "FAST": 0.18, "NONE": 0.45}
_WINDOW = 0.2  # share of the image covered by the object's window
_JPEG, _HEADER = 7250, 770  # bytes of a picture at 256 pixels; of a tar's header with padding
_PASSES = {
    "boxes": (680, 0.0), "depth": (36_000, 1.85), "flow": (12_300, 1.6), "mask": (680, 1.0), "nocs": (5_000, 1.3),
    "normal": (5_900, 1.4),
}  # fmt: skip
"""Measured bytes of a pass at 256 pixels, and the power of the resolution with which they grow."""


def expected_core_seconds(quality: Quality, resolution: int, objects: int = 1) -> float:
    """Estimate the CPU core-seconds per image, for `--dry-run` and the time limit of a worker.

    objects : number of objects in a scene
    """
    if not quality.ground_samples:
        samples = min(quality.samples, 0.027 / quality.noise_threshold**2)  # measured mean samples per pixel
        return _core_seconds(quality, resolution, samples)
    samples = min(quality.samples, 0.045 / quality.noise_threshold**2)  # edges need more samples
    ground = _core_seconds(quality, ground_size(resolution), quality.ground_samples)
    return ground + _core_seconds(quality, resolution, samples, min(1.0, objects * _WINDOW))


def _core_seconds(quality: Quality, resolution: int, samples: float, share: float = 1.0) -> float:
    area = share * (resolution / 256) ** 2
    return _PER_PICTURE + area * (samples * _PER_SAMPLE_AT_256 + _DENOISE_AT_256[quality.prefilter])


def hang_after(views: int, quality: Quality, resolution: int) -> float:
    """Return the seconds after which a worker that renders `views` views of an object counts as hung."""
    return 120 + 30 * views * expected_core_seconds(quality, resolution)


def expected_bytes(recipe: Recipe) -> int:
    """Estimate the bytes of one view in a tar: JPEG, passes, latents, and the headers of all."""
    scale = recipe.resolution / 256
    jpeg: float = _JPEG * scale**1.25
    passes: float = sum(size * scale**power + _HEADER for size, power in (_PASSES[name] for name in recipe.pass_files))
    return round(jpeg + passes) + 2300


def expected_seconds(plan: Plan, cores: int) -> float:
    """Estimate the seconds that a plan takes on this many CPU cores."""
    recipe = plan.recipe
    return plan.images * expected_core_seconds(plan.quality_settings, recipe.resolution, recipe.objects) / cores


def plan_bytes(plan: Plan) -> int:
    """Estimate the bytes of a plan's tars."""
    return plan.images * expected_bytes(plan.recipe)


def describe(plan: Plan, cores: int) -> str:
    """Describe a plan in one line: objects, views, shards, bytes, and the expected time on `cores` CPU cores."""
    views = "" if plan.view_table else f" x {plan.recipe.views} views"
    return (
        f"{len(plan.objects)} objects{views} = {plan.images} images of {plan.recipe.resolution} px, "
        f"{len(plan.shards())} shards, about {size(plan_bytes(plan))}, "
        f"about {duration(expected_seconds(plan, cores))} on {cores} CPU cores"
    )
