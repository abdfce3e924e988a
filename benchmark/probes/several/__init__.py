"""Probes of features that a method makes of several views. Start: sequence.py."""
