"""Check that random samples, rendered again, match the stored images."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from iebench.manifests.dataset import DatasetInfo, read_table
from iebench.manifests.reading.samples import Samples

from .findings import Failure
from .rerender import Again, Origin, render_again

# Least PSNR in dB between a stored JPEG and its repetition by another Blender or another kind of processor. On built-in
# objects (seed 0, CPU, 24 to 96 views each of draft, fast, reference at 64 to 256 pixels): never below 50.8 from bpy
# 4.5.15 to 5.2.3, never below 51.4 from AVX2 to SSE 4.2. Another view of the same object: never above 25.6; a rotation
# off by a degree: 43.9 in the median (renderer/speed/likeness.py).
CLOSE = 45.0
# dB if no hash of the mesh was recorded: such images were imported, and an older Blender made them.
# Blender 3.x against ours: about 41.5. This limit still detects another view, but not a rotation off by a degree.
ALIKE = 35.0


def check_pictures(
    folder: Path, info: DatasetInfo, count: int, origin: Origin, device: str, workers: int
) -> tuple[str, list[Failure]]:
    """Render random samples again and compare; return the result in one line, and the failures.

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
        ours, first = (f"{about['version']} on {about['device']}" for about in (renderer, info.renderer))
        line += f" ({ours}; made with {first})"
    # Another kind of processor changes last bits in nearly every image. If most are identical, all should be.
    exact = renderer == info.renderer and 2 * same > len(repeats)
    objects = read_table(folder / "objects.parquet").to_pylist()
    meshes = {(o["synset"], o["object_id"]): o["mesh_sha256"] for o in objects}
    unknown = sum(meshes.get(_object(repeat)) == "" for repeat in repeats)
    if unknown:
        whose = "" if unknown == len(repeats) else f" for {unknown} of them"
        line += f"; no hash of the mesh was recorded{whose}, {ALIKE:.0f} dB are expected"
    return line, list(_failures(repeats, exact, meshes))


def _object(repeat: Again) -> tuple[str, str]:
    return repeat.sample.row["synset"], repeat.sample.row["object_id"]


def _failures(repeats: Sequence[Again], exact: bool, meshes: dict[tuple[str, str], str]) -> Iterator[Failure]:
    for repeat in repeats:
        mesh, fault = meshes.get(_object(repeat)), None
        if repeat.cause:
            fault = f"cannot be rendered again: {repeat.cause}"
        elif mesh == "":
            if repeat.psnr < ALIKE:
                fault = (
                    f"is another picture, or of another mesh, when rendered again: {repeat.psnr:.1f} dB PSNR, "
                    f"{ALIKE:.0f} are expected; give the collection it came from"
                )
        elif repeat.mesh_sha256 != mesh:
            fault = "its mesh is another one now; give the collection it came from"
        elif repeat.psnr < CLOSE:
            fault = f"is another picture when rendered again: {repeat.psnr:.1f} dB PSNR, {CLOSE:.0f} are expected"
        elif exact and not repeat.same:
            fault = f"has other bytes when rendered again ({repeat.psnr:.1f} dB PSNR), unlike the other samples"
        if fault:
            yield Failure("rerender", repeat.sample.tar, repeat.sample.key, fault)
