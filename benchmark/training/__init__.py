"""The training loop and all that it calls: settings, run folders, steps, checkpoints, logs. Start: train.py."""
