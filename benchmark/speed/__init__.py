"""Scripts for `python -m` that compare training and scoring with common code; docs/background/performance.md."""
