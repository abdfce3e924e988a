"""Speed of training and scoring compared with common implementations: scripts for `python -m`; docs/performance.md."""
