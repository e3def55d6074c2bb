"""The money and the tokens that a caller allows: a request that would go beyond them is not sent."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor.errors import BudgetSpentError
from extractor.llm.tokens import COMPLETION_SHARE
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.llm.prices import Prices


@dataclass(eq=False)
class Held:
    """What one request in flight is expected to use, until it is known."""

    usage: Usage


@dataclass
class Budget:
    """Adds up what all requests of a backend use, and holds back those that there is nothing left for.

    What requests in flight will use is held for them. One that does not fit beside them waits until they are done, so
    the limits are kept but for the error of the last estimates.
    """

    prices: Prices
    max_cost: float | None = None
    """US dollars in all."""
    token_budget: int | None = None
    """Tokens in all, sent and received."""
    spent: Usage = field(default_factory=Usage)
    """What is known to be used so far."""
    _held: list[Held] = field(default_factory=list, init=False)
    _share: float = field(default=0.0, init=False)
    """The most tokens that a reply has had for each token asked about."""
    _waiting: list[asyncio.Future[None]] = field(default_factory=list, init=False)

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.max_cost is not None or self.token_budget is not None

    def expected(self, prompt_tokens: int, article_tokens: int) -> Usage:
        """What a request is likely to use.

        Args:
            prompt_tokens: Of all its messages.
            article_tokens: Of the part that it asks about, from which the reply's length is guessed: by the longest
                reply so far, else by a recorded one.
        """
        share = self._share or COMPLETION_SHARE
        usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=int(share * article_tokens) + 1)
        return usage.model_copy(update={"cost_usd": self.prices.cost(usage)}) if self.max_cost is not None else usage

    async def hold(self, usage: Usage) -> Held:
        """Hold what a request is expected to use, waiting for those in flight if need be.

        Raises:
            BudgetSpentError: It would go beyond a limit, even if they used nothing.
        """
        while True:
            self._refuse_beyond(usage)
            waiting = Usage()
            for held in self._held:
                waiting += held.usage
            if not self._beyond(self.spent + waiting + usage):
                held = Held(usage)
                self._held.append(held)
                return held
            changed = asyncio.get_running_loop().create_future()
            self._waiting.append(changed)
            try:
                await changed
            finally:
                if changed in self._waiting:
                    self._waiting.remove(changed)

    def settle(self, held: Held, used: Usage, article_tokens: int = 0) -> None:
        """Replace what was held by what was used."""
        self._held.remove(held)
        self.count(used, article_tokens)

    def count(self, used: Usage, article_tokens: int = 0) -> None:
        """Add what a request used."""
        self.spent += used
        if article_tokens:
            self._share = max(self._share, used.completion_tokens / article_tokens)
        waiting, self._waiting = self._waiting, []
        for changed in waiting:
            # They may belong to another loop, in another thread.
            changed.get_loop().call_soon_threadsafe(_wake, changed)

    @contextmanager
    def released(self, held: Held | None) -> Iterator[None]:
        """Give back what was held if the block ends without having settled it."""
        try:
            yield
        finally:
            if held is not None and held in self._held:
                self.settle(held, Usage())

    def _beyond(self, usage: Usage) -> str | None:
        if self.token_budget is not None and usage.tokens > self.token_budget:
            return f"the budget of {self.token_budget:,} tokens"
        if self.max_cost is not None and (usage.cost_usd or 0.0) > self.max_cost:
            return f"the budget of ${self.max_cost:g}"
        return None

    def _refuse_beyond(self, usage: Usage) -> None:
        which = self._beyond(self.spent + usage)
        if which:
            raise BudgetSpentError(f"{which} is spent", hint="what was found so far is kept; allow more to go on")


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
