"""What a score needs around its probes: splits, notes, examples, memory. Start: splits.py."""
