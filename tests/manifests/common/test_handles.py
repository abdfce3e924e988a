"""More files than may be open are read at random positions by many threads; the limit is raised if possible."""

import json
import subprocess
import sys

import pytest

from iebench.manifests.common.handles import Files

SCRIPT = """
import json, os, random, resource, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from iebench.manifests.common.handles import Files

soft, hard, taken, folder = json.loads(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(taken)]
paths = sorted(Path(folder).iterdir())
files = Files(paths)
numbers = random.Random(0).choices(range(len(paths)), k=5000)
with ThreadPoolExecutor(8) as pool:
    values = list(pool.map(lambda number: int(files.read(number, 4, 3)), numbers))
del files
print(json.dumps([values == numbers, resource.getrlimit(resource.RLIMIT_NOFILE)[0], len(os.listdir("/proc/self/fd"))]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("files")
    for number in range(300):
        (root / f"{number:04d}").write_text(f"no {number:04d} and more")
    return root


@pytest.mark.parametrize(
    ("soft", "hard", "taken", "raised"),
    [(64, 64, 0, 64), (64, 128, 0, 128), (64, 4096, 0, 1200), (64, 64, 40, 64), (2048, 4096, 0, 2048)],
)
def test_more_files_than_may_be_open_are_read(folder, soft, hard, taken, raised):
    arguments = json.dumps([soft, hard, taken, str(folder)])
    done = subprocess.run([sys.executable, "-c", SCRIPT, arguments], check=True, capture_output=True, text=True)
    right, limit, left = json.loads(done.stdout)
    assert right
    assert limit == raised
    assert left - taken < 10  # all are closed


def test_a_file_that_is_not_there_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Files([tmp_path / "gone"]).read(0, 1, 0)
