"""Doors: bytes in, one action or query, bytes out; they translate and hold no rule."""
