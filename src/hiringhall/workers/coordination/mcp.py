"""A run's tools by the Model Context Protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hiringhall.domain.errors import HallError
from hiringhall.workers.coordination import rpc
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.tools import BY_NAME


@dataclass(frozen=True, slots=True)
class _Toolbox:
    """What whoever works at a desk has."""

    desk: Desk

    def listed(self) -> list[dict[str, Any]]:
        return [
            {"name": one.name, "description": one.description, "inputSchema": one.schema()}
            for one in BY_NAME.values()
        ]

    async def use(self, name: str, arguments: Mapping[str, Any]) -> rpc.Result | None:
        tool = BY_NAME.get(name)
        if tool is None:
            return None
        try:
            return rpc.said(await tool.call(self.desk, arguments))
        except HallError as error:
            return rpc.refused(error.message)


async def answer(desk: Desk, body: bytes, *, version: str | None) -> tuple[int, bytes]:
    """The HTTP status and body that one message is answered with."""
    return await rpc.answer(_Toolbox(desk), body, version=version)
