"""What is watched while a run trains, and when it stops. Start: watch.py."""
