"""PLY, OFF and STL: geometry and colours. Start: plain.py."""
