"""What posters do with tasks."""
