"""Built-in tools, devices and wear."""
