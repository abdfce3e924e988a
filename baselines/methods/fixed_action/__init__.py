"""Methods whose embedding moves by a fixed matrix of the rotation, without a learned predictor. Start: equin.py."""
