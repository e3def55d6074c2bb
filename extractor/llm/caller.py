"""Every prompt goes through here: answered from the store, or sent within limits and budget, and tried again.

Each step adds one concern and calls the next: `call` the store, `_ask` retrying, `_try` budget, limits, counting.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from extractor.errors import (
    ModelAuthenticationError,
    ModelBusyError,
    ModelError,
    ModelNotFoundError,
    ModelUnreachableError,
    OutputError,
    QuotaExhaustedError,
    ReplyError,
    ReplyMissingError,
    RequestRefusedError,
)
from extractor.llm.budget import Budget
from extractor.llm.endpoint import Target
from extractor.llm.estimate import Estimate
from extractor.llm.events import PLACE, Hooks, ReplyNotStored, ReplyReceived, RequestFailed, RequestSent, RetryScheduled
from extractor.llm.prices import Prices
from extractor.llm.reply_store import StoredReply
from extractor.llm.retry import RetryPolicy
from extractor.llm.telemetry import request_span
from extractor.llm.tokens import count_tokens, count_tokens_once
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from extractor.llm.client import Client, Reply
    from extractor.llm.limits import Limiter
    from extractor.llm.reply_store import ReplyStore, Use
    from extractor.prompting.prompt import Prompt

HOPELESS = (ModelAuthenticationError, ModelNotFoundError, QuotaExhaustedError)
"""Errors that the next request would meet as well."""

HOPELESS_SECONDS = 60.0
"""How long requests are spared after one of these; a key or an account may be mended under a long-running program."""

REFUSED_AT_ALL = 3
"""Articles that a server refuses (400) before it has answered about any, after which it is taken to refuse all: a
single one may be refused for what it says."""

FIRST_CONTACT = 4
"""Tries of a request that finds no server, if none was ever found there: the address is more likely wrong than the
server away."""


@dataclass
class Meter:
    """Adds up what several calls cost."""

    usage: Usage = field(default_factory=Usage)

    def add(self, usage: Usage) -> None:
        """Count a call."""
        self.usage += usage


@dataclass
class Recall:
    """The reply store, and how it is used."""

    store: ReplyStore
    use: Use
    modes: Sequence[str]
    """Those in which a prompt may have been asked, the likeliest first."""
    since: float = field(default_factory=time.time)
    """With `refresh`, replies that were stored before are passed over."""

    def find(self, fingerprints: Sequence[str]) -> StoredReply | None:
        """The stored reply that serves. Raises `OutputError`."""
        return self.store.get(
            fingerprints, since=self.since if self.use == "refresh" else 0.0, in_vain=self.use == "replay"
        )


@dataclass
class Caller:
    """Asks a client, for all articles of a backend.

    Without a client, every prompt has to be in the store.
    """

    client: Client | None
    limiter: Limiter
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    target: Target = field(default_factory=lambda: Target("", ""))
    budget: Budget = field(default_factory=lambda: Budget(Prices("", "")))
    recall: Recall | None = None
    hooks: Hooks = field(default_factory=Hooks)
    clock: Callable[[], float] = time.monotonic
    _hopeless: tuple[ModelError, float] | None = field(default=None, init=False)
    _answered: bool = field(default=False, init=False)
    """Whether the server has ever answered a prompt."""
    _refused: set[str] = field(default_factory=set, init=False)
    """Articles that it refused before it answered any."""
    _asked: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Event]] = field(
        default_factory=WeakKeyDictionary, init=False
    )
    """The prompts that are being asked, by fingerprint."""

    async def call(self, prompt: Prompt, meter: Meter) -> Reply:
        """The reply to a prompt. Every try is counted in `meter`, those that fail too.

        The same prompt is not asked twice at once: the second waits for the first one's reply.

        Raises:
            ModelError: There is none.
        """
        if self.recall is None:
            return await self._ask(prompt, meter)
        fingerprints = self._fingerprints(prompt, self.recall)
        asked = self._asked.setdefault(asyncio.get_running_loop(), {})
        while True:
            stored = self._find(fingerprints, self.recall)
            if stored is not None:
                meter.add(Usage(cached=1))
                reply = stored.reply
                self.hooks.tell(
                    ReplyReceived(prompt=prompt, reply=replace(reply, usage=stored.usage), stored=True, seconds=0.0)
                )
                return reply
            if self.client is None:
                raise ReplyMissingError(
                    f"no reply is recorded for the prompt {fingerprints[0][:12]} ({about(prompt)})",
                    hint=f"record it with --record {self.recall.store.path}",
                )
            going = asked.get(fingerprints[0])
            if going is None:
                break
            await going.wait()
        asked[fingerprints[0]] = asyncio.Event()
        try:
            reply = await self._ask(prompt, meter)
            self._keep(prompt, reply, self.recall)
        finally:
            asked.pop(fingerprints[0]).set()
        return reply

    def in_vain(self, prompt: Prompt) -> None:
        """Nothing came of the reply to this prompt: no cache is to serve it again."""
        if self.recall is None or self.client is None:
            return
        try:
            self.recall.store.mark_in_vain(self._fingerprints(prompt, self.recall))
        except OutputError as error:
            self.hooks.tell(ReplyNotStored(error=error))

    def estimate(self, prompt: Prompt) -> Estimate:
        """What this prompt would take, if its reply were good."""
        if self.recall is not None and self._find(self._fingerprints(prompt, self.recall), self.recall) is not None:
            return Estimate(stored=1)
        usage = self._expected(prompt)
        return Estimate(
            requests=1,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=self.budget.prices.cost(usage),
        )

    def _expected(self, prompt: Prompt) -> Usage:
        """What a request for this prompt is likely to use."""
        of_article = count_tokens(prompt.user)
        return self.budget.expected(count_tokens_once(prompt.system) + of_article, of_article)

    def _fingerprints(self, prompt: Prompt, recall: Recall) -> list[str]:
        target = self.target
        return [prompt.fingerprint(target.provider, target.model, mode, target.sampling) for mode in recall.modes]

    def _find(self, fingerprints: Sequence[str], recall: Recall) -> StoredReply | None:
        try:
            return recall.find(fingerprints)
        except OutputError as error:
            if self.client is None:
                raise
            self.hooks.tell(ReplyNotStored(error=error))
            return None

    def _keep(self, prompt: Prompt, reply: Reply, recall: Recall) -> None:
        """Store a reply; one that cannot be stored is no less a reply."""
        target, mode = self.target, reply.mode or recall.modes[0]
        row = StoredReply.of(
            prompt.fingerprint(target.provider, target.model, mode, target.sampling),
            reply,
            provider=target.provider,
            model=target.model,
            mode=mode,
            sampling=json.dumps(dict(target.sampling), sort_keys=True),
            about=about(prompt),
        )
        try:
            recall.store.put(row)
        except OutputError as error:
            self.hooks.tell(ReplyNotStored(error=error))

    async def _ask(self, prompt: Prompt, meter: Meter) -> Reply:
        tries = 0

        async def attempt() -> Reply:
            nonlocal tries
            tries += 1
            return await self._try(prompt, meter, tries)

        def before_wait(error: BaseException, wait: float) -> None:
            if isinstance(error, ModelError):
                self.hooks.tell(RetryScheduled(error=error, attempt=tries, wait=wait))

        return await self.policy.run(attempt, before_wait)

    async def _try(self, prompt: Prompt, meter: Meter, attempt: int) -> Reply:
        assert self.client is not None  # noqa: S101 - `call` has seen to it
        self._raise_if_hopeless()
        paced = self.budget.limited or self.limiter.limits.tokens_per_minute is not None
        expected = self._expected(prompt) if paced else Usage()
        held = await self.budget.hold(expected) if self.budget.limited else None
        with self.budget.released(held):
            async with self.limiter.slot(expected.tokens) as slot:
                self._raise_if_hopeless()
                self.hooks.tell(RequestSent(prompt=prompt, attempt=attempt))
                began = self.clock()
                try:
                    with request_span(self.target, attempt) as span:
                        reply = await self.client.complete(prompt)
                        span.answered(reply)
                except ModelError as error:
                    meter.add(Usage(requests=1))
                    if isinstance(error, ModelBusyError):
                        slot.busy(error.retry_after)
                    self.hooks.tell(RequestFailed(prompt=prompt, error=error, attempt=attempt))
                    self._note(error, prompt, attempt)
                    raise
                self._answered = True
                slot.succeeded(float(reply.usage.tokens) or None, reply.allowances)
            cost = self.budget.prices.cost(reply.usage, answered_by=reply.model)
            if cost is not None:
                reply = replace(reply, usage=reply.usage.model_copy(update={"cost_usd": cost}))
            meter.add(reply.usage)
            of_article = count_tokens(prompt.user) if paced else 0
            if held is not None:
                self.budget.settle(held, reply.usage, of_article)
            else:
                self.budget.count(reply.usage, of_article)
        self.hooks.tell(ReplyReceived(prompt=prompt, reply=reply, stored=False, seconds=self.clock() - began))
        return reply

    def _note(self, error: ModelError, prompt: Prompt, attempt: int) -> None:
        """See from an error whether the requests of others are in vain as well."""
        if isinstance(error, ReplyError):
            self._answered = True  # The server took the request.
        hopeless = isinstance(error, HOPELESS)
        if not self._answered:
            if isinstance(error, RequestRefusedError) and not error.too_long:
                place = PLACE.get()
                self._refused.add(place.article if place else prompt.user)
                hopeless = error.about_all or len(self._refused) >= REFUSED_AT_ALL
            elif isinstance(error, ModelUnreachableError):
                hopeless = attempt >= FIRST_CONTACT
        if hopeless:
            error.retryable = False
            self._hopeless = error, self.clock()

    def _raise_if_hopeless(self) -> None:
        if self._hopeless is None:
            return
        error, since = self._hopeless
        if self.clock() - since < HOPELESS_SECONDS:
            # A new object: one that is raised again and again collects the traceback of every caller.
            again = type(error)(str(error), hint=error.hint)
            again.retryable = False
            raise again
        self._hopeless = None
        self._refused.clear()


def about(prompt: Prompt) -> str:
    """What a prompt asks for, in words without the article's."""
    return ", ".join(kind.name for kind in prompt.kinds)
