"""Encoders in files of other programs: a file and declared preprocessing in, a loaded encoder out. Start: onnx.py."""
