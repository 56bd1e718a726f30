"""`hiringhall demo`: the main job on real input, in under a minute, checked at every step."""
