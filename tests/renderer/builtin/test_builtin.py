"""Built-in objects: one for every class of the taxonomy, reproducible, closed, and normalised."""

import numpy as np
import pytest

from iebench.manifests.taxonomy import classes
from iebench.renderer.builtin import GENERATORS, build

INSTANCES = range(6)


def test_there_is_one_generator_for_every_class():
    assert set(GENERATORS) == {c.synset for c in classes()}


@pytest.fixture(params=classes(), ids=lambda c: c.name, scope="module")
def instances(request):
    return request.param.synset, [build(request.param.synset, i) for i in INSTANCES]


def test_an_instance_is_a_function_of_class_and_number(instances):
    synset, objects = instances
    for parts, again in zip(objects[0], build(synset, 0), strict=True):
        assert np.array_equal(parts.vertices, again.vertices)
        assert parts.color == again.color
    shapes = [np.vstack([p.vertices for p in parts]) for parts in objects]
    for i in INSTANCES[1:]:
        assert shapes[i].shape != shapes[0].shape or np.abs(shapes[i] - shapes[0]).max() > 0.002


def test_objects_are_normalised_like_shapenet(instances):
    for parts in instances[1]:
        corners = np.vstack([p.vertices for p in parts])
        assert np.linalg.norm(np.ptp(corners, axis=0)) == pytest.approx(1)
        assert corners.min(0) + corners.max(0) == pytest.approx(np.zeros(3), abs=1e-12)


@pytest.mark.slow
def test_parts_are_closed_outward_solids_of_valid_colour(instances):
    for part in (part for parts in instances[1] for part in parts):
        a, b, c = (part.vertices[part.faces[:, i]] for i in range(3))
        assert np.isfinite(part.vertices).all()
        assert (a * np.cross(b, c)).sum() / 6 > 0  # signed volume by the divergence theorem
        edges = np.vstack([part.faces[:, [0, 1]], part.faces[:, [1, 2]], part.faces[:, [2, 0]]])
        assert {tuple(e) for e in edges} == {tuple(e[::-1]) for e in edges}  # each edge is walked both ways
        assert all(0 <= channel <= 1 for channel in part.color)


def test_objects_are_light_and_of_more_than_one_colour(instances):
    for parts in instances[1]:
        assert sum(len(p.faces) for p in parts) < 6000
    assert max(len({p.color for p in parts}) for parts in instances[1]) > 1
