"""The assignment of objects to shards follows from the plan alone."""

import hashlib
import json
from dataclasses import replace

import pytest

from iebench.manifests.recipe import load
from iebench.renderer.plan import Plan, identity_differences
from iebench.renderer.sources import ObjectRef


def refs(count, split="train"):
    return tuple(ObjectRef("03797390", f"{i:05d}", "mug", 37, split, None) for i in range(count))


def plan_of(objects, views=50):
    return Plan(replace(load(), views=views), "reference", 0, "builtin", "CC0-1.0", objects)


def test_every_object_is_in_exactly_one_shard_of_its_split():
    plan = plan_of(refs(400) + refs(101, "val"))
    shards = plan.shards()
    assert [o for shard in shards for o in shard.objects] == list(plan.objects)
    assert all(o.split == shard.split for shard in shards for o in shard.objects)
    assert len({shard.stem for shard in shards}) == len(shards)


@pytest.mark.slow
def test_shards_hold_neither_too_few_nor_too_many_images():
    for count in (3, 400, 20_000):
        sizes = [len(s.objects) * 50 for s in plan_of(refs(count)).shards()]
        assert max(sizes) <= 2500
        assert min(sizes[:-1], default=256) >= 250
    assert len(plan_of(refs(52_472)).shards()) == 1050


def test_objects_with_more_views_than_a_shard_holds_still_get_one():
    assert [len(s.objects) for s in plan_of(refs(3), views=5000).shards()] == [1, 1, 1]


def test_a_limit_spreads_over_the_plan():
    plan = plan_of(refs(40) + refs(10, "val")).limited(5)
    assert [o.object_id for o in plan.objects] == ["00000", "00010", "00020", "00030", "00000"]
    assert plan.limited(9) == plan


def test_differences_name_the_setting():
    first, second = plan_of(refs(3)), replace(plan_of(refs(4)), seed=7)
    differences = identity_differences(first.identity(), second.identity())
    assert differences[0] == "objects is 3 in it and 4 in this command"
    assert "seed is 0 in it and 7 in this command" in differences
    assert identity_differences(first.identity(), plan_of(refs(3)[::-1]).identity()) == []


def test_the_objects_hash_is_that_of_one_json_list():
    plan = plan_of(refs(20_001))
    names = [[o.split, o.synset, o.object_id] for o in plan.objects]
    assert plan.identity()["objects_sha256"] == hashlib.sha256(json.dumps(names).encode()).hexdigest()
