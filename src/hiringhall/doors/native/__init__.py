"""The native door, `/hall/v1`: what the hall can do in its own words."""
