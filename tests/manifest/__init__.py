"""The promises of the seeds, and the proof that each has a test."""
