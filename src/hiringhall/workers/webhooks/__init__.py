"""Sends webhooks: out of the hall, to nowhere that was not judged, again until they arrive."""
