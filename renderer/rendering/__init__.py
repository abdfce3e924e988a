"""From a request to a finished dataset, by way of a plan and an engine. Start: render.py."""
