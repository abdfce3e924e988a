"""Facts about the settings of training runs that readers of scores need too, who may have no torch."""

FREE = ("log_every", "checkpoint_every", "keep_every", "log", "online")
"""Settings that change no step: they may differ when a run goes on, and between its seeds."""

BEFORE = {"passes": "together"}
"""Settings that older runs do not name, as they were trained."""
