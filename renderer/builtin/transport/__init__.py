"""Built-in objects of transport."""
