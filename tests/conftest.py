"""Fixtures shared by all tests: small datasets made by the real writer with the fake renderer, and a real Blender.

Imports of optional packages are inside the fixtures: without such a package only the tests that need it are skipped.
"""

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from forking import forked, starters
from made_once import shared
from missing_parts import NEEDS, absence
from PIL import Image
from plans import plan_of

from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import official_objects
from iebench.renderer.blender.interface import BLENDER, FAKE
from iebench.renderer.importing.fake import published_files
from iebench.renderer.importing.published import published_plan
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.workers import worker

if TYPE_CHECKING:
    from pebble import ProcessPool

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes that share the cores; torch is not imported yet
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the fixture `blender`; every test that needs Blender, a GPU or a browser is slow."""
    for item in items:
        if "blender" in getattr(item, "fixturenames", ()):
            item.add_marker("blender")
        if any(item.get_closest_marker(mark) for mark in NEEDS):
            item.add_marker("slow")


def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than there are cores: some tests wait, for a browser or another process."""
    return 1 + len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))


def pytest_collection_finish() -> None:
    """Hide what collection made from the garbage collector, which else visits millions of objects again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


class Module(pytest.Module):
    """Test module that is skipped if it imports a part that is not installed."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Return the tests of the module."""
        try:
            return super().collect()
        except self.CollectError as error:
            if reason := absence(error):
                pytest.skip(reason, allow_module_level=True)
            raise


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Module:
    """Collect every test file as a Module of this kind."""
    return Module.from_parent(parent, path=module_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test whose marks or fixtures need a part that is missing here."""
    for mark, missing in NEEDS.items():
        if item.get_closest_marker(mark) and (reason := missing()):
            pytest.skip(reason)
    return (yield from skipped())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test that ends in the error of a missing part."""
    return (yield from skipped())


def skipped() -> Generator[None, object, object]:
    """Run the rest of a hook; skip the test if that ends in the error of a missing part."""
    try:
        return (yield)
    except Exception as error:
        if reason := absence(error):
            pytest.skip(reason)
        raise


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Restore the default SIGINT handler: a shell starts background processes with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def forked_workers() -> Iterator[None]:
    """Fork the processes that render, import and verify from one that has imported everything they need."""
    with forked(starters()):
        yield


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start those processes as iebench does, for tests of that start."""
    for module in starters():
        monkeypatch.setattr(module, "multiprocessing", multiprocessing)


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 classes x 5 objects (1 of them val) x 6 views at 32 pixels, by the fake renderer. Read only: copy to damage."""
    return shared(tmp_path_factory, "tiny", lambda folder: render_dataset(plan_of(), folder, workers=2, backend=FAKE))


@pytest.fixture(scope="session")
def tiny_plan() -> Callable[..., Plan]:
    """`plan_of`, for tests that render their own dataset."""
    return plan_of


@pytest.fixture(scope="session")
def published() -> tuple[Plan, dict[str, bytes]]:
    """A published dataset of 70 objects (14 val) x 8 views at 32 pixels: its plan and its files by path."""
    plan = published_plan("3diebench", views=8, resolution=32, limit=70)
    return plan, {f"3DIEBench/{name}": content for name, content in published_files(plan)}


@pytest.fixture(scope="session")
def imported(published: tuple[Plan, dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same dataset, imported from a folder. Read only."""
    from iebench.renderer.importing.run import import_dataset

    plan, files = published

    def make(out: Path) -> None:
        folder = tmp_path_factory.mktemp("published")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        import_dataset(plan, folder, out, workers=2)

    return shared(tmp_path_factory, "imported", make)


@pytest.fixture(scope="session")
def blender() -> "Iterator[ProcessPool]":
    """Separate process with the real renderer at 64 pixels, fast quality; it runs functions of `blender_probe`.

    Its recipe has translations and passes; translations are 0 and passes not rendered unless a test requests them.
    """
    from pebble import ProcessPool

    recipe = replace(load("3diebench-t"), resolution=64, passes=("depth", "mask", "nocs", "normal"))
    setup = worker.Setup(BLENDER, recipe, recipe.quality["fast"], device="cpu", threads=2)
    context = multiprocessing.get_context("spawn")
    with ProcessPool(1, context=context, initializer=worker.start, initargs=[setup]) as pool:
        yield pool


@pytest.fixture(scope="session")
def shapenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tree in ShapeNetCore v2's layout: three mugs of the official list; all other objects are absent.

    In list order of the train split: an asymmetric black step, a wall with a red texture, one whose texture is missing.
    """
    from meshes import STEP, wall

    root = tmp_path_factory.mktemp("ShapeNetCore.v2")
    listed = [
        r["object_id"] for r in official_objects().to_pylist() if r["synset"] == "03797390" and r["split"] == "train"
    ]
    for object_id, (obj, mtl) in zip(listed, [STEP, wall("wall.jpg"), wall("gone.jpg")], strict=False):
        models, images = root / "03797390" / object_id / "models", root / "03797390" / object_id / "images"
        models.mkdir(parents=True)
        images.mkdir()
        (models / "model_normalized.obj").write_text("mtllib model_normalized.mtl\n" + obj)
        (models / "model_normalized.mtl").write_text(mtl)
        Image.new("RGB", (16, 16), (255, 0, 0)).save(images / "wall.jpg", quality=95)
    return root


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Use one thread: small networks run faster, and the other cores stay free."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
