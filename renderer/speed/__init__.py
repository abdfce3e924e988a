"""Scripts that measure speed and memory of rendering and importing; see docs/rendering.md and docs/scale.md."""
