"""The model gateway: what passes through it, what it costs, and where it ends."""
