"""The metrics of the suite "full": descriptions of a representation, which no leaderboard ranks."""
