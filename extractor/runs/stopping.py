"""Ctrl-C and SIGTERM: once, no further article is begun and those in flight are finished; twice, all stops at once."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """A context manager that takes the two signals while it lasts, in the main thread only.

    The handler does next to nothing: it may run in the middle of anything, a write to standard error included.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        """What asked the run to stop, if anything did."""
        self.wake: Callable[[], None] = lambda: None
        """Called then, in the handler: whoever waits has to look."""
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                # A shell that starts it in the background, or nohup, has it ignore the signal: so it stays.
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._former[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)

    def _take(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)
        self.wake()
