"""Everything the training loop calls: settings, run folders, steps, checkpoints, logs. Start: config.py."""
