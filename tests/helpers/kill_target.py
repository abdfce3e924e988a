"""Runs a render that a test kills: python kill_target.py FOLDER WORKERS [BACKEND]."""

import sys
from pathlib import Path

from plans import plan_of

from iebench.renderer.rendering.render import render_dataset

if __name__ == "__main__":
    backend = sys.argv[3] if len(sys.argv) > 3 else "flaky:Slow"
    render_dataset(plan_of("20", 5, 12), Path(sys.argv[1]), workers=int(sys.argv[2]), backend=backend)
