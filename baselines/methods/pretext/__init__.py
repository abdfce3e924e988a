"""Methods with a task beside the contrast: a head predicts the transformation of an image. Start: essl.py."""
