"""Generated pages of the site: each module makes the pages of one kind as Markdown. Start: hook.py."""
