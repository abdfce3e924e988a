"""Maps of scored encoders: a model in, its feature maps (B, C, h, w) after chosen stages out. Start: reader.py."""
