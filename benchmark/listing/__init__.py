"""Runs in a folder as rows: their configuration, log and score in, tables and comparisons out. Start: command.py."""
