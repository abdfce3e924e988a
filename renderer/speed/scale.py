"""Cost of the driver for very large datasets: seconds and memory of a plan of many objects.

    python -m iebench.renderer.speed.scale 2000000        # objects; 50 views of each

Each line is one step of the main path, with the peak resident memory after it.
"""

import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from iebench.manifests.recipe import load
from iebench.renderer.plan import Plan
from iebench.renderer.sources import ObjectRef

T = TypeVar("T")


def step(name: str, action: Callable[[], T]) -> T:
    """Run one step and print its time and memory."""
    start = time.perf_counter()
    result = action()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:28} {time.perf_counter() - start:8.1f} s {peak:8.2f} GB")  # noqa: T201
    return result


def refs(count: int) -> tuple[ObjectRef, ...]:
    """Return objects like ShapeNet's, every fifth of them in val."""
    return tuple(
        ObjectRef(
            f"{i % 55:08d}",
            f"{i:032x}",
            "chair",
            i % 55,
            "val" if i % 5 == 1 else "train",
            f"/meshes/{i:032x}/model.obj",
        )
        for i in range(count)
    )


if __name__ == "__main__":
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    listed = step(f"list {objects:,} objects", lambda: refs(objects))
    plan = step("Plan: sort them", lambda: Plan(load(), "fast", 0, "folder", "", listed))
    shards = step("Plan.shards", plan.shards)
    step("Plan.identity", plan.identity)
    step(f"walk {len(shards):,} shards", lambda: sum(plan.view_count(o) for s in shards for o in s.objects))
