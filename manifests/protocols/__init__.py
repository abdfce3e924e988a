"""How scores are made, read by `iebench score --protocol`."""
