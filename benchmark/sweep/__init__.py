"""Many runs and their scores from one small file, here or on a cluster. Start: run.py."""
