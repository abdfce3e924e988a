"""Scripts that measure speed and memory; docs/background/rendering.md and docs/guides/cluster.md have the figures."""
