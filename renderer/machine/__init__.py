"""Resources that a process takes on its machine: cores, memory, temporary files. Start: scratch.py."""
