"""The published layout: the sample of each file, and the plan that follows from the official list."""

import pytest

from iebench.renderer.errors import UnknownName
from iebench.renderer.importing.published import PUBLISHED, file_key, file_name, published_plan


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("03797390/a1/image_0.jpg", ("03797390", "a1", "image", 0)),
        ("/03797390/a1/latent_49.npy", ("03797390", "a1", "latent", 49)),
        ("./deep/3DIEBench/03797390/a1/image_7.jpg", ("03797390", "a1", "image", 7)),
        ("03797390/a1/image_07.jpg", None),
        ("03797390/a1/image_1000.jpg", None),
        ("03797390/a1/image_0.npy", None),
        ("03797390/a1/._image_0.jpg", None),
        ("3797390/a1/image_0.jpg", None),
        ("a1/image_0.jpg", None),
    ],
)
def test_a_path_has_at_most_one_key(path, key):
    assert file_key(path) == key
    if key is not None:
        assert path.endswith(file_name(*key[2:]))


@pytest.mark.parametrize(("name", "objects", "latents"), [
    ("3diebench", 52_472, 7), ("3diebench-t", 52_472, 10), ("3diebench-ood", 10_552, 7),
])  # fmt: skip
@pytest.mark.slow
def test_plans_are_the_official_list_with_the_latents_in_the_files_order(name, objects, latents):
    plan = published_plan(name, 50, 256)
    assert len(plan.objects) == objects and {o.split for o in plan.objects} == set(PUBLISHED[name].splits)
    order = ["rot_x", "rot_y", "rot_z", "floor_hue", "light_theta", "light_phi", "light_hue"]
    assert plan.recipe.factor_names == [*order, "trans_x", "trans_y", "trans_z"][:latents]
    assert (plan.recipe.channel_order, plan.seed, plan.latents) == ("bgr", None, "published")


def test_an_unknown_dataset_is_refused():
    with pytest.raises(UnknownName, match="did you mean 3diebench"):
        published_plan("3diebnch", 50, 256)
