"""Text: read in any encoding, checked where it is a stranger's, escaped for each format. Start: plain_text.py."""
