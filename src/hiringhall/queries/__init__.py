"""What can be asked: read models, always for an actor."""
