"""Built-in buildings."""
