"""A render that a test kills: python kill_target.py FOLDER WORKERS."""

import sys
from pathlib import Path

from conftest import plan_of

from iebench.renderer.render import render_dataset

if __name__ == "__main__":
    render_dataset(plan_of("20", 5, 12), Path(sys.argv[1]), workers=int(sys.argv[2]), backend="flaky:Slow")
