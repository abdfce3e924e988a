"""Time limits for waits that may never end."""

import subprocess
import sys
import threading

import pytest

from iebench.manifests.common.patience import ends, joins

HANGING = """
import threading, time
from iebench.manifests.shell.cli import guarded
from iebench.manifests.common.patience import ends

def work():
    held = threading.Thread(target=time.sleep, args=[600])
    print(ends(lambda: (held.start(), held.join()), 0.2))
    {end}

guarded(work)
"""


def test_work_that_ends_is_waited_for_and_its_error_is_raised() -> None:
    done = []
    assert ends(lambda: done.append(threading.current_thread()), 60) and done != [threading.main_thread()]
    with pytest.raises(ZeroDivisionError):
        ends(lambda: 1 / 0, 60)
    with pytest.raises(TimeoutError, match="of the work"):
        ends(lambda: (_ for _ in ()).throw(TimeoutError("of the work")), 60)


def test_work_that_does_not_end_is_left_after_its_time() -> None:
    free = threading.Event()
    assert not ends(free.wait, 0.05)
    thread = threading.Thread(target=free.wait, daemon=True)
    thread.start()
    assert not joins(thread, 0.05)
    free.set()
    assert joins(thread, 60)


@pytest.mark.parametrize(
    ("end", "code"), [("return None", 0), ("raise SystemExit(3)", 3), ("raise SystemExit('x')", 1)]
)
def test_a_command_that_left_something_ends_all_the_same_with_its_own_exit_code(end: str, code: int) -> None:
    program = HANGING.format(end=end)
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, "False\n")  # printed output is flushed too
