"""Built-in vessels, containers and bags."""
