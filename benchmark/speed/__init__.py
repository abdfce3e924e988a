"""Speed of training and scoring against the usual way: scripts to run with `python -m`; docs/performance.md."""
