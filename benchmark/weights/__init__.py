"""Files of weights, checked before they are loaded, and networks without memory. Start: tensor_file.py."""
