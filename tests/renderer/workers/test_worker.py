"""The worker: encoding of rendered pixels."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from iebench.manifests.recipe import Jpeg, load
from iebench.renderer.engines.local import _line
from iebench.renderer.workers.pool import Running
from iebench.renderer.workers.worker import encode

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def test_the_released_channel_order_is_red_and_blue_exchanged_and_nothing_else():
    released = encode(PIXELS, load("3diebench-as-released"))
    assert released == encode(PIXELS[..., ::-1].copy(), load("3diebench"))
    assert released != encode(PIXELS, load("3diebench"))


def test_quality_and_subsampling_are_the_recipes():
    smooth = np.repeat(np.arange(0, 256, 16, dtype=np.uint8)[None, :, None], 16, 0).repeat(3, 2)
    fine = replace(load(), jpeg=Jpeg(100, "4:4:4"))
    assert len(encode(PIXELS, fine)) > len(encode(PIXELS, load()))
    with Image.open(io.BytesIO(encode(smooth, fine))) as image:
        assert np.abs(np.asarray(image).astype(int) - smooth).max() <= 1
        assert {component[1:3] for component in image.layer} == {(1, 1)}
    with Image.open(io.BytesIO(encode(smooth, load()))) as image:
        assert image.layer[0][1:3] == (2, 2)


def test_a_workers_line_has_its_object_and_the_view_that_it_renders(tiny_plan):
    plan = tiny_plan()
    ref = plan.shards()[0].objects[0]
    count, name = plan.view_count(ref), f"{ref.class_name} {ref.object_id}"
    assert _line(plan, ref, Running((0, 0), 0, 0.2)) == f"{name}, view 1 of {count}, 0 s"
    assert _line(plan, ref, Running((0, 0), count, 7.6)) == f"{name}, view {count} of {count}, 8 s"  # its passes
