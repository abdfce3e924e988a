"""Files of weights, ours and external ones, checked before they are loaded. Start: tensor_file.py."""
