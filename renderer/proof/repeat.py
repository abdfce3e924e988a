"""Check that the stored images of random samples match the images of a second rendering."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from iebench.manifests.dataset import DatasetInfo, read_table
from iebench.manifests.reading.samples import Samples

from .findings import Failure
from .rerender import Origin, Repeat, render_again

CLOSE = 45.0
"""Smallest PSNR in dB between a stored JPEG and its repetition, also by another Blender or another kind of processor.

Measured on built-in objects (seed 0, CPU, 24 to 96 views each of draft, fast, reference at 64 to 256 pixels): 50.8 or
more between bpy 4.5.15 and 5.2.3; 51.4 or more between AVX2 and SSE 4.2. For wrong images (speed/similarity.py):
at most 25.6 for another view of the same object; a median of 43.9 for a rotation that is wrong by one degree.
"""
ALIKE = 35.0
"""Smallest PSNR in dB for an imported image: the hash of its mesh is unknown, and an older Blender rendered it.

Blender 3 and our renderer agree to about 41.5 dB. This limit detects another view, but no rotation that is wrong by one
degree.
"""


def check_pictures(
    folder: Path, info: DatasetInfo, count: int, origin: Origin, device: str, workers: int
) -> tuple[str, list[Failure]]:
    """Render `count` random samples again and compare them; return the result in one line, and the failures.

    Raises
    ------
    SourceError, SettingError, MissingPart, DeviceError : the samples cannot be rendered.
    """
    samples = Samples(folder, info)
    chosen = np.random.default_rng().choice(len(samples), min(count, len(samples)), replace=False)
    renderer, repeats = render_again(samples.at(chosen), info, origin, device, workers)
    same = sum(repeat.same for repeat in repeats)
    line = f"{len(repeats)} samples rendered again, {same} with the same bytes"
    differing = [repeat.psnr for repeat in repeats if not repeat.same and not repeat.cause]
    if differing:
        line += f", the others at {min(differing):.1f} dB PSNR or more"
    if renderer != info.renderer:
        now, before = (f"{about['version']} on {about['device']}" for about in (renderer, info.renderer))
        line += f" ({now}; made with {before})"
    # Another kind of processor changes the last bits of nearly every image. If most are identical, all should be.
    exact = renderer == info.renderer and 2 * same > len(repeats)
    objects = read_table(folder / "objects.parquet").to_pylist()
    meshes = {(o["synset"], o["object_id"]): o["mesh_sha256"] for o in objects}
    unknown = sum(meshes.get(_object(repeat)) == "" for repeat in repeats)
    if unknown:
        scope = "" if unknown == len(repeats) else f" for {unknown} of them"
        line += f"; no hash of the mesh was recorded{scope}, at least {ALIKE:.0f} dB are expected"
    return line, list(_failures(repeats, exact, meshes))


def _object(repeat: Repeat) -> tuple[str, str]:
    return repeat.sample.row["synset"], repeat.sample.row["object_id"]


def _failures(repeats: Sequence[Repeat], exact: bool, meshes: dict[tuple[str, str], str]) -> Iterator[Failure]:
    for repeat in repeats:
        mesh, fault = meshes.get(_object(repeat)), None
        if repeat.cause:
            fault = f"cannot be rendered again: {repeat.cause}"
        elif mesh == "":
            if repeat.psnr < ALIKE:
                fault = (
                    f"differs from a second rendering, in picture or mesh: {repeat.psnr:.1f} dB PSNR, at least "
                    f"{ALIKE:.0f} are expected; give the collection of the original meshes"
                )
        elif repeat.mesh_sha256 != mesh:
            fault = "its mesh has changed; give the collection of the original meshes"
        elif repeat.psnr < CLOSE:
            fault = f"differs from a second rendering: {repeat.psnr:.1f} dB PSNR, at least {CLOSE:.0f} are expected"
        elif exact and not repeat.same:
            fault = f"has other bytes when rendered again ({repeat.psnr:.1f} dB PSNR), unlike the other samples"
        if fault:
            yield Failure("rerender", repeat.sample.tar, repeat.sample.key, fault)
