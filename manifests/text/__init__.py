"""Text: decoded from any Unicode encoding, checked, escaped for each output format. Start: plain_text.py."""
