"""What a process takes of its machine: cores, memory, temporary files. Start: scratch.py."""
