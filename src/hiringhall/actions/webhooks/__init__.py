"""Outgoing webhooks: endpoints, the deliveries that the feed makes, and their way there."""
