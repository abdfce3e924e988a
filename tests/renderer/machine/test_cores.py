"""A worker starts on its share of the cores and may use all cores later."""

import os
import threading

import pytest

from iebench.renderer.machine.cores import few_cores

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot choose cores")


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_few_cores_inside_and_all_again_afterwards(count):
    before = os.sched_getaffinity(0)
    with few_cores(count, worker_number=3):
        assert os.sched_getaffinity(0) <= before
        assert len(os.sched_getaffinity(0)) == min(count, len(before))
    assert os.sched_getaffinity(0) == before


def test_neighbours_start_on_different_cores():
    seen = []
    for worker_number in range(len(os.sched_getaffinity(0))):
        with few_cores(1, worker_number):
            seen.append(os.sched_getaffinity(0))
    assert set.union(*seen) == os.sched_getaffinity(0)


def test_threads_started_inside_are_freed_too():
    before, release, numbers = os.sched_getaffinity(0), threading.Event(), []
    thread = threading.Thread(target=lambda: (numbers.append(threading.get_native_id()), release.wait()))
    with few_cores(1, worker_number=0):
        thread.start()
        while not numbers:
            pass
        assert len(os.sched_getaffinity(numbers[0])) == 1
    assert os.sched_getaffinity(numbers[0]) == before
    release.set()
    thread.join()
