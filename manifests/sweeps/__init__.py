"""Training runs and scores of a results table, read by `iebench sweep`."""
