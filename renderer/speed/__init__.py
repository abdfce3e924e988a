"""Speed and memory of rendering and importing: scripts to run with `python -m`; docs/rendering.md, docs/scale.md."""
