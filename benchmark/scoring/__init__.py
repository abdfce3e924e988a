"""The parts of a score around its probes: splits, notes, examples, memory. Start: splits.py."""
