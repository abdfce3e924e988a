"""Backbones whose maps move with the picture under a group of its motions. Start: resnet_c4.py."""
