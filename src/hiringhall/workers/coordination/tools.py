"""All tools of whoever works on a task, by name."""

from collections.abc import Mapping

from hiringhall.workers.coordination import outcomes, parting, preparing, reading, telling
from hiringhall.workers.coordination.tool import Tool

_FIRST = ("get_task", "report_progress", "ask", "propose_plan", "deliver", "fail")
"""What every worker needs; an agent reads the list from its top."""

_ALL = {
    tool.name: tool
    for tool in (
        *reading.TOOLS,
        *telling.TOOLS,
        *parting.TOOLS,
        *preparing.TOOLS,
        *outcomes.TOOLS,
    )
}

BY_NAME: Mapping[str, Tool] = {
    name: _ALL[name] for name in (*_FIRST, *(name for name in _ALL if name not in _FIRST))
}
