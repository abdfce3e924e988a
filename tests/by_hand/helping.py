"""Makes the modules of tests/helpers importable for the scripts in this folder."""

import sys
from pathlib import Path

HELPERS = Path(__file__).parents[1] / "helpers"
sys.path.append(str(HELPERS))
