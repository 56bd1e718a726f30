"""What carries runs to a node and timers to their hour."""
