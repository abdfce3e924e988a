"""Training settings, read by `iebench train --preset`."""
