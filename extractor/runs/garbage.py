"""How often the cyclic garbage collector looks: in a run seldom, as an article leaves few cycles and many objects."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

YOUNG = 100_000
"""New objects between two looks; Python's own is 700. By `evals/speed/model_calls.py`, at 64 requests in flight 5.5 ms
of CPU a request became 5.0 (4.1 in another run); the peak of memory stayed what it was."""


def collect_seldom() -> None:
    """Set the collector of this process so, and let it pass over whatever is there now: modules, mostly."""
    gc.freeze()
    gc.set_threshold(YOUNG, 50, 100)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Inside, the collector looks seldom, in all of the process; then as before. Programs that embed this decide."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
