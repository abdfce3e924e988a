"""What probes share: their context, and the heads and linear maps they fit. Start: context.py."""
