"""Methods without an action whose views of an object agree; each prevents collapse in another way. Start: barlow.py."""
