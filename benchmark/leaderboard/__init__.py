"""Scores side by side: rows, ranks, tables. Start: leaderboard.py."""
