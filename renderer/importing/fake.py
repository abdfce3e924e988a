"""Files of a published dataset without its archive, for tests and speed measurements: images of the fake renderer."""

import io
from collections.abc import Iterator

import numpy as np

from iebench.manifests.views import drawn

from ..blender.fake import FakeRenderer
from ..plan import Plan
from ..workers.worker import encode
from .published import file_name


def published_files(plan: Plan, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file of a plan, such as ("03797390/.../image_0.jpg", ...).

    Latents are drawn from `seed`.
    """
    recipe = plan.recipe
    renderer = FakeRenderer(recipe, next(iter(recipe.quality.values())), "cpu", 1)
    for ref in plan.objects:
        renderer.load(ref)
        views = drawn(recipe, seed, ref.synset, ref.object_id)
        for index, view in enumerate(views.numbers):
            latents = views.of(index)
            folder = f"{ref.synset}/{ref.object_id}"
            yield f"{folder}/{file_name('image', view)}", encode(renderer.render(latents), recipe)
            array = io.BytesIO()
            np.save(array, np.array(list(latents.values())))
            yield f"{folder}/{file_name('latent', view)}", array.getvalue()
