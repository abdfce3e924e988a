"""A request to render becomes a plan, then a finished dataset, rendered by an engine. Start: render.py."""
