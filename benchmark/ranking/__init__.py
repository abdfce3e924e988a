"""Comparison of scores: rows, ranks, tables. Start: board.py."""
