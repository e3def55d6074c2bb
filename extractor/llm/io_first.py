"""Sockets before work: of what keeps the processor busy, one piece a round of the event loop.

Replies come in bunches. If each were checked as it comes, the next requests would wait until the last of a bunch is
checked, and come back in a bunch again: with 64 in flight, 0.2 s of latency and 2 ms of checking a reply, a loop that
does nothing else reaches .78 of what the server would answer, and so .93 (evals/speed/README.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakKeyDictionary

_waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, deque[asyncio.Future[None]]] = WeakKeyDictionary()
"""Those that wait, in order, on each loop on which somebody does. One of them goes on in each round."""


async def io_first() -> None:
    """Wait until the loop has seen to its sockets since the last piece of work; what is done next is one piece."""
    loop = asyncio.get_running_loop()
    waiting = _waiting.get(loop)
    if waiting is None:
        waiting = _waiting[loop] = deque()
        loop.call_soon(_let_on, loop)
    mine = loop.create_future()
    waiting.append(mine)
    try:
        await mine
    except asyncio.CancelledError:
        if mine in waiting:
            waiting.remove(mine)  # A loop that ends now would be kept by it.
        raise


def _let_on(loop: asyncio.AbstractEventLoop) -> None:
    """Let the next one go on, and the one after it in the loop's next round."""
    waiting = _waiting[loop]
    while waiting:
        next_ = waiting.popleft()
        if not next_.done():  # Else its task was cancelled.
            next_.set_result(None)
            loop.call_soon(_let_on, loop)
            return
    del _waiting[loop]
