"""Ctrl-C and SIGTERM: once, no further article is begun and those in flight are finished; twice, all stops at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """No error, and nothing that handles errors may take it for one.

    Raised where the next article was being waited for when the run was asked to stop.
    """


class Stopping:
    """A context manager that takes the two signals while it lasts, in the main thread only.

    Args:
        on_first: Called, in the signal's handler, when a stop is asked for the first time.
    """

    def __init__(self, on_first: Callable[[], None] = lambda: None) -> None:
        self.signal: signal.Signals | None = None
        """What asked the run to stop, if anything did."""
        self._on_first = on_first
        self._drawing = False
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

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """While the next input is waited for, which may take for ever: here the first signal raises `Stopped`."""
        self._drawing = True
        try:
            yield
        finally:
            self._drawing = False

    def _take(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)
        self._on_first()
        if self._drawing:
            raise Stopped
