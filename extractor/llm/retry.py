"""Trying again: whether (the error says so), when (what the server asks for, else backoff), and how often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from extractor.errors import ModelError

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
BeforeWait = Callable[[BaseException, float], None]


@dataclass(frozen=True)
class RetryPolicy:
    """How long to go on with one request. All times in seconds."""

    max_attempts: int = 8
    first_wait: float = 0.5
    longest_wait: float = 30.0
    """Of our own backoff; a server's Retry-After may be longer."""
    deadline: float = 900.0
    """No wait begins that would end later than this after the first try."""
    sleep: Sleep = asyncio.sleep
    """Waits; tests replace it."""

    async def run(self, attempt: Callable[[], Awaitable[T]], before_wait: BeforeWait | None = None) -> T:
        """What `attempt` returns, tried again while its error is `retryable`; then the last error is raised.

        Safe to call concurrently: each run counts for itself.

        Args:
            attempt: One try.
            before_wait: Told the error and the seconds of each wait before it begins.
        """
        began = time.monotonic()
        try:
            # Most succeed at once, and need nothing of what tenacity costs.
            return await attempt()
        except ModelError as error:
            first = [error]

        async def tried() -> T:
            # The try that was made counts as tenacity's first.
            if first:
                raise first.pop()
            return await attempt()

        return await self._retrying(self.deadline - (time.monotonic() - began), before_wait)(tried)

    def _retrying(self, deadline: float, before_wait: BeforeWait | None) -> AsyncRetrying:
        """Tenacity for one run: it holds that run's count."""
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_before_delay

        return AsyncRetrying(
            sleep=self.sleep,
            stop=stop_after_attempt(self.max_attempts) | stop_before_delay(deadline),
            wait=self._wait,
            retry=retry_if_exception(is_retryable),
            before_sleep=None if before_wait is None else _told(before_wait),
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        from tenacity import wait_exponential, wait_random

        growing = wait_exponential(multiplier=self.first_wait, max=self.longest_wait)
        backoff = (growing + wait_random(0, self.first_wait))(state)
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "retry_after", None)
        # Never earlier than the server asks; jitter keeps those that were sent away together apart.
        return backoff if asked is None else asked + backoff * 0.1


def _told(before_wait: BeforeWait) -> Callable[[RetryCallState], None]:
    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None:
            before_wait(error, state.upcoming_sleep)

    return tell


def is_retryable(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    return isinstance(error, ModelError) and error.retryable
