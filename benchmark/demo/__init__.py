"""The demo: one declaration, its commands, and how they run. Start: plan.py."""
