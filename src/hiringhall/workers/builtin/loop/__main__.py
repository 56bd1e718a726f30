"""Begins the process of the loops: its one argument is the number of its socket's descriptor."""

import asyncio
import os
import socket
import sys

from hiringhall.workers.builtin.loop.serving import serve


async def main(fd: int) -> None:
    """Serve the hall at the other end until it is gone."""
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=fd))
    await serve(reader, writer)


asyncio.run(main(int(sys.argv[1])))
# Whatever still hangs on a thread: nobody is there to hear of it.
os._exit(0)
