"""The score file: its structure, its JSON schema, its consistency checks. Start: score.py."""
