"""What every part shares: settings, files, locks, words for what cannot be read. Start: settings.py."""
