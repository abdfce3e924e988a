"""Comparison of scores: rows, ranks, tables. Start: leaderboard.py."""
