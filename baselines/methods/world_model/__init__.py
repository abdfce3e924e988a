"""Methods that predict the target network's output for a view from other views and the action. Start: seq_jepa.py."""
