"""Runs in a folder as rows: their settings, logs and scores in; tables out; pruned, continued. Start: command.py."""
