"""Lets `python -m agentwork_mcp` start the server where no script folder is on PATH."""

import sys

from agentwork_mcp.main import main

sys.exit(main())
