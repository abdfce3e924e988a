"""Many runs and their scores from one small file, on this machine or a cluster. Start: run.py."""
