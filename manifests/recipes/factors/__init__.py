"""Recipes with one more factor each than 3diebench, an example for every control; see docs/guides/your-factor.md."""
