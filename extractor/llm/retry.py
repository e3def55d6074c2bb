"""Trying again: whether (the error says so), when (what the server asks for, else backoff), and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from extractor.errors import ModelError

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class RetryPolicy:
    """How long to go on with one request. All times in seconds."""

    max_attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    """Of our own backoff; a server's Retry-After may be longer."""
    deadline: float = 900.0
    """No wait begins that would end later than this after the first try."""
    sleep: Sleep = asyncio.sleep
    """Waits; tests replace it."""

    async def run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` returns, tried again while its error is `retryable`; then the last error is raised.

        Safe to call concurrently: each run counts for itself.
        """
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_before_delay

        # A tenacity object holds one call's count, so every run makes its own.
        retrying = AsyncRetrying(
            sleep=self.sleep,
            stop=stop_after_attempt(self.max_attempts) | stop_before_delay(self.deadline),
            wait=self._wait,
            retry=retry_if_exception(is_retryable),
            reraise=True,
        )
        return await retrying(attempt)

    def _wait(self, state: RetryCallState) -> float:
        from tenacity import wait_exponential, wait_random

        growing = wait_exponential(multiplier=self.first_wait, max=self.longest_wait)
        backoff = (growing + wait_random(0, self.first_wait))(state)
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "retry_after", None)
        # Never earlier than the server asks; jitter keeps those that were sent away together apart.
        return backoff if asked is None else asked + backoff * 0.1


def is_retryable(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    return isinstance(error, ModelError) and error.retryable
