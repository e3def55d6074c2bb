"""Every request of a backend goes out here: within the limit, tried again, counted, spared once it is in vain."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor.errors import ModelAuthenticationError, ModelError, ModelNotFoundError, QuotaExhaustedError
from extractor.llm.retry import RetryPolicy
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from extractor.llm.client import Client, Reply
    from extractor.llm.limits import Limiter
    from extractor.prompting.prompt import Prompt

logger = logging.getLogger("extractor")

HOPELESS = (ModelAuthenticationError, ModelNotFoundError, QuotaExhaustedError)
"""Errors that the next request would meet as well."""

HOPELESS_SECONDS = 60.0
"""How long requests are spared after one of these; a key or an account may be mended under a long-running program."""


@dataclass
class Meter:
    """Adds up what several calls cost."""

    usage: Usage = field(default_factory=Usage)

    def add(self, usage: Usage) -> None:
        """Count a call."""
        self.usage += usage


@dataclass
class Caller:
    """Asks a client, for all articles of a backend."""

    client: Client
    limiter: Limiter
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Callable[[], float] = time.monotonic
    _hopeless: tuple[ModelError, float] | None = field(default=None, init=False)

    async def call(self, prompt: Prompt, meter: Meter) -> Reply:
        """The reply to a prompt. Every try is counted in `meter`, those that fail too. Raises `ModelError`."""

        async def attempt() -> Reply:
            async with self.limiter.slot():
                self._raise_if_hopeless()
                try:
                    reply = await self.client.complete(prompt)
                except ModelError as error:
                    meter.add(Usage(requests=1))
                    logger.info("request failed", extra={"error": error.code, "retryable": error.retryable})
                    if isinstance(error, HOPELESS):
                        self._hopeless = error, self.clock()
                    raise
            meter.add(reply.usage)
            return reply

        return await self.policy.run(attempt)

    def _raise_if_hopeless(self) -> None:
        if self._hopeless is None:
            return
        error, since = self._hopeless
        if self.clock() - since < HOPELESS_SECONDS:
            # A new object: one that is raised again and again collects the traceback of every caller.
            raise type(error)(str(error), hint=error.hint)
        self._hopeless = None
