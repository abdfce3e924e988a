"""Processes and devices: who trains together, on what, and how all of them stop. Start: ranks.py."""
