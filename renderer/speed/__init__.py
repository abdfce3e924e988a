"""Scripts that measure speed and memory; the figures are in docs/background/rendering.md and docs/guides/cluster.md."""
