"""The first signal sets a flag; later signals act as before, or wait."""

import os
import signal
import threading

import pytest

from iebench.benchmark.distributed.signals import QUEUES, SIGNALS, stop_requested, stopped
from iebench.benchmark.errors import Requeue, Stopped


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_sets_the_flag_and_the_handlers_are_put_back(number: int) -> None:
    before = [signal.getsignal(s) for s in SIGNALS]
    with stop_requested() as stop:
        assert not stop.number
        os.kill(os.getpid(), number)
        assert stop.number == number
        assert signal.getsignal(signal.SIGINT) == before[SIGNALS.index(signal.SIGINT)]
    assert [signal.getsignal(s) for s in SIGNALS] == before


def test_a_second_interrupt_interrupts() -> None:
    with pytest.raises(KeyboardInterrupt), stop_requested() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.number == signal.SIGINT
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)


def test_a_queue_may_ask_more_than_once() -> None:
    with stop_requested() as stop:
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGUSR1):
            os.kill(os.getpid(), number)
        assert stop.number == signal.SIGUSR1


def test_one_within_another_is_the_same_and_leaves_the_other_one_watching() -> None:
    before = [signal.getsignal(s) for s in SIGNALS]
    with stop_requested(QUEUES) as outer:
        assert signal.getsignal(signal.SIGINT) == before[0]  # interrupts as usual
        with stop_requested() as inner:
            assert inner is outer
            os.kill(os.getpid(), signal.SIGINT)
            assert outer.number == signal.SIGINT
        os.kill(os.getpid(), signal.SIGTERM)  # has no effect
        assert outer.number == signal.SIGINT and signal.getsignal(signal.SIGINT) == before[0]
    assert [signal.getsignal(s) for s in SIGNALS] == before
    with stop_requested() as anew:
        assert not anew.is_set()


def test_outside_the_main_thread_it_stays_unset() -> None:
    flags: list[int] = []

    def work() -> None:
        with stop_requested() as stop:
            flags.append(stop.number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert flags == [0]


def test_what_a_queue_asked_for_ends_with_a_code_to_requeue_on() -> None:
    assert type(stopped(signal.SIGINT, 3, 9)) is Stopped and Stopped.exit_code == 130
    for number in (signal.SIGTERM, signal.SIGUSR1):
        assert type(stopped(number, 3, 9)) is Requeue and Requeue.exit_code == 75
    assert str(stopped(signal.SIGTERM, 3, 9)).startswith("stopped after step 3 of 9 and saved")
    assert str(stopped(signal.SIGTERM, 0, None)).startswith("stopped before the first step: the same command")
    assert str(stopped(signal.SIGTERM, 4, None)).startswith("stopped before the next step: the same command")
