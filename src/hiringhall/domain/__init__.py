"""What the hall knows: plain Python with no I/O, no clock and no third-party import."""
