"""The pool returns a result for every task, also when its workers fail."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace

import misbehave
import pytest
from observe import alive, end
from paths import HELPERS

from iebench.manifests.recipe import load
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.errors import IebenchError, WorkerError
from iebench.renderer.workers import pool as pool_module
from iebench.renderer.workers.pool import Lost, Pool
from iebench.renderer.workers.worker import Setup

pytestmark = pytest.mark.slow


def setup(backend=FAKE):
    recipe = replace(load(), resolution=16)
    return Setup(backend, recipe, recipe.quality["fast"], device="cpu", threads=1)


@pytest.fixture
def make(tmp_path):
    def pool(workers=2, patience=20.0, memory=0, backend=FAKE):
        return Pool(workers, setup(backend), patience, memory, tmp_path)

    yield pool
    assert not list(tmp_path.glob("tmp*")), "a worker's folder is left"


def test_every_task_has_one_result(make, spawned):
    with make() as pool:
        results = dict(pool.run(misbehave.double, ((n, (n,)) for n in range(40))))
    assert results == {n: 2 * n for n in range(40)}


def test_a_worker_killed_at_any_moment_costs_nothing(make):
    """Results are large, so that some workers die while they send one."""
    with make(workers=2) as pool:
        results, killed = {}, 0
        for key, value in pool.run(misbehave.large, ((n, (n,)) for n in range(30))):
            results[key] = value
            at_work = [worker.process.pid for worker in pool._workers if worker.task is not None]
            if key % 3 == 0 and at_work:
                with suppress(ProcessLookupError):  # the one before, which has ended and is not yet replaced
                    os.kill(at_work[0], signal.SIGKILL)
                    killed += 1
    assert killed >= 4
    assert results == {n: misbehave.large(n) for n in range(30)}


def test_a_task_that_kills_every_worker_is_lost_with_the_signal(make):
    with make(workers=1) as pool:
        results = dict(
            pool.run(misbehave.die, [("segfault", (signal.SIGSEGV,)), ("fine", (0,)), ("killed", (signal.SIGKILL,))])
        )
    assert results["segfault"] == Lost("the renderer crashed (SIGSEGV), 2 times")
    assert results["fine"] == 0
    assert "killed by SIGKILL, as the system does when memory runs out, 5 times" in results["killed"].cause


def test_a_task_that_eats_memory_is_stopped_and_a_worker_that_keeps_it_is_replaced(make):
    with make(workers=1, memory=400_000_000) as pool:
        results = dict(
            pool.run(misbehave.eat, [("bomb", (2000, False)), ("keeps", (150, True)), ("after", (0, False))])
        )
    assert results["bomb"] == Lost("the renderer took more than 0.4 GB of memory, 2 times")
    assert results["after"] != results["keeps"], "a worker that kept half of its limit went on"


def test_a_hang_is_ended_and_a_jump_of_the_clock_is_no_hang(make, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 4e9)
    with make(workers=1, patience=1.0) as pool:
        results = dict(pool.run(time.sleep, [("long", (60,)), ("short", (0.2,))]))
    assert results == {"long": Lost("the renderer hung: no result after 1 s, 2 times"), "short": None}


def test_an_unexpected_error_fails_its_task_and_an_iebench_error_ends_the_run(make):
    with make(workers=1) as pool:
        cause = dict(pool.run(misbehave.fail, [(0, ("strange",))]))[0].cause
        assert re.search(r"the renderer failed: an unexpected error in misbehave\.py, line \d+, 2 times$", cause)
        with pytest.raises(IebenchError, match="disk"):
            pool.call(misbehave.refuse)


def test_workers_that_die_at_their_start_are_not_tried_for_ever(make):
    with (
        make(workers=2, backend="misbehave:Stillborn") as pool,
        pytest.raises(WorkerError, match=r"exit code 7\) while it started, 3"),
    ):
        pool.call(misbehave.double, 1)
    with (
        make(workers=2, backend="misbehave:Raises") as pool,
        pytest.raises(IebenchError, match=r"cannot start: an unexpected error in misbehave.py, line \d+"),
    ):
        pool.call(misbehave.double, 1)


def test_a_stuck_start_is_ended_too(make, monkeypatch):
    monkeypatch.setattr(pool_module, "START_PATIENCE", 0.5)
    with (
        make(workers=1, backend="misbehave:Endless") as pool,
        pytest.raises(WorkerError, match="hung: no result after"),
    ):
        pool.call(misbehave.double, 1)


def test_workers_end_when_their_parent_is_killed_in_the_middle_of_a_render(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(HELPERS)}
    with subprocess.Popen([sys.executable, HELPERS / "misbehave.py", tmp_path], env=environment) as process:
        while len(workers := [int(path.name) for path in tmp_path.glob("[0-9]*")]) < 2:
            time.sleep(0.05)
        assert all(map(alive, workers))
        process.send_signal(signal.SIGKILL)
    assert end(workers)


def seconds_of(running):
    return {task.key: task.seconds for task in running}


def test_running_tasks_can_be_watched_with_their_views(make):
    """One worker: the views of the second object are counted from 0 again, and none is counted twice."""
    seen = []
    with make(workers=1) as pool:
        tasks = [("a", (4,)), ("b", (2,))]
        list(pool.run(misbehave.report_views, tasks, seen.extend))
    views = {key: [task.views for task in seen if task.key == key] for key in "ab"}
    assert all(counts == sorted(counts) for counts in views.values())
    assert (views["a"][-1], views["b"][-1]) == (3, 1) and len(set(views["a"])) >= 3


def test_running_tasks_can_be_watched_with_their_seconds(make):
    seen = []
    with make() as pool:
        list(pool.run(time.sleep, [("a", (0.9,)), ("b", (0.9,))], lambda running: seen.append(seconds_of(running))))
    both = [running for running in seen if running.keys() == {"a", "b"}]
    assert len(both) >= 2 and both[0]["a"] < both[-1]["a"] < 5
