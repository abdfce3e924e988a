"""Renderers with faults, for tests of the worker pool; imported by spawned processes."""

import os
import time
from pathlib import Path

from iebench.renderer.blender.fake import FakeRenderer
from iebench.renderer.errors import AssetError

CRASH, HANG, BAD, ONCE = "00000", "00001", "00002", "00003"  # object ids


class Flaky(FakeRenderer):
    """Renderer that crashes, hangs or refuses on some objects; on ONCE it crashes the first time only."""

    def load(self, ref):
        if ref.object_id == CRASH:
            os._exit(139)
        if ref.object_id == HANG:
            time.sleep(600)
        if ref.object_id == BAD:
            raise AssetError(f"{ref.synset}/{ref.object_id} has no faces")
        if ref.object_id == ONCE:
            mark = Path(os.environ["IEBENCH_TEST_MARKS"]) / ref.synset
            if not mark.exists():
                mark.touch()
                os._exit(1)
        return super().load(ref)


class Unseen(FakeRenderer):
    """Renderer in which BAD is invisible in every view, and ONCE is visible only if the floor's hue is above 0.5."""

    def load(self, ref):
        self.object_id = ref.object_id
        return super().load(ref)

    def covers(self, latents):
        return self.object_id != BAD and (self.object_id != ONCE or latents["floor_hue"] > 0.5)


class Slow(FakeRenderer):
    """Slow renderer, so that a test can kill it half-way."""

    def render(self, latents):
        time.sleep(0.002)
        return super().render(latents)


class Meeting(Slow):
    """Slow renderer whose first image waits until two processes render, so that neither does all of a small plan."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.folder = Path(os.environ["IEBENCH_TEST_MEETING"])

    def render(self, latents):
        (self.folder / str(os.getpid())).touch()
        until = time.monotonic() + 120
        while len(list(self.folder.iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        return super().render(latents)


class Broken(FakeRenderer):
    """Renderer that fails to start, as Blender does without a system library."""

    def __init__(self, *_):
        raise ImportError("libXrender.so.1: cannot open shared object file", name="bpy")


class Blank(FakeRenderer):
    """Renderer whose pictures show nothing."""

    def render(self, latents):
        return super().render(latents) * 0
