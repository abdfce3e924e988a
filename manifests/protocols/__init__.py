"""Settings of scoring, read by `iebench score --protocol`."""
