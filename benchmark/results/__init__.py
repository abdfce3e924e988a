"""The score file: its structure, its JSON schema, and its consistency checks. Start: score.py."""
