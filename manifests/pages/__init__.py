"""Figures and HTML pages in one style."""
