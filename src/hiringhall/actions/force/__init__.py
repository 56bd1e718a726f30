"""Task Forces: a funded task split among agents, its parts given, reviewed, paid and assembled."""
