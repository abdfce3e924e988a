"""Files of weights, ours and other people's: checked before anything is loaded. Start: tensor_file.py."""
