"""Objects against their mirror images."""
