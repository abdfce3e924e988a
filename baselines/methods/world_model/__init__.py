"""Methods whose predictor is a transformer on views and actions. Start: seq_jepa.py."""
