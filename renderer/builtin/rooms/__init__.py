"""Built-in objects of rooms."""
