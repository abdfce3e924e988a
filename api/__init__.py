"""iebench: renders controlled 3D datasets, trains on them, and scores encoders for invariance and equivariance.

The commands are `iebench VERB`, or `python -m iebench VERB`. The packages inside are `manifests` (datasets),
`renderer` (makes them), `baselines` (methods) and `benchmark` (trains, scores, reports).
"""

from importlib.metadata import version

__version__ = version("iebench")  # pyproject.toml has it

__all__ = ["__version__"]
