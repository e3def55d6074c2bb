"""How many requests are in flight at once, and how soon the next may go out.

Four things hold a request back, one after the other: the number in flight, which a 429 lowers for everybody and success
raises again; a pause that the server has asked for; the caller's own pace (`Limits`); and what the provider's headers
say it will still take. Only waiting is decided here: whether a request is tried again, `retry` says.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from extractor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

MINUTE = 60.0
_LOOKS = 4
"""How often a request that waits looks again whether a pause has grown meanwhile."""

BUSY_IN_A_ROW = 2
"""429s with no success between them after which nobody sends before the time that the server asks for: one alone may
concern the one request."""


@dataclass(frozen=True)
class Limits:
    """What a caller allows a model to be asked, over all articles. None: no limit."""

    requests_per_minute: float | None = None
    """Requests that begin in any minute; they are spread over it."""
    tokens_per_minute: float | None = None
    """Tokens sent and received, estimated when a request goes out and put right when its reply says how many."""
    max_cost: float | None = None
    """US dollars in all; needs a model whose price is known."""
    token_budget: int | None = None
    """Tokens in all, sent and received."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not value > 0:
                raise UsageError(f"{name} is {value}, and has to be more than 0")


@dataclass(frozen=True)
class Allowance:
    """What a provider's headers say it will still take."""

    of: Literal["requests", "tokens"]
    remaining: float
    resets_in: float
    """Seconds until it is whole again."""


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?\Z")


def duration(value: str) -> float | None:
    """Seconds of a duration as rate-limit headers write it: "20ms", "6m0s", "1h2m3.5s", or plain seconds."""
    value = value.strip()
    if _NUMBER.match(value):
        return float(value)
    parts = _PART.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value.replace(" ", ""):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def allowances(headers: Mapping[str, str]) -> tuple[Allowance, ...]:
    """What the headers of a response say (`x-ratelimit-remaining-requests` and so on, as OpenAI and many others)."""
    found: list[Allowance] = []
    for of in ("requests", "tokens"):
        remaining = headers.get(f"x-ratelimit-remaining-{of}")
        if remaining is None or not _NUMBER.match(remaining.strip()):
            continue
        # A server that does not say when is taken to count by the minute.
        resets_in = duration(headers.get(f"x-ratelimit-reset-{of}") or "")
        found.append(Allowance(of, float(remaining), MINUTE if resets_in is None else resets_in))
    return tuple(found)


class Slot:
    """A request's place. Whoever holds it reports how the request came out."""

    def __init__(self, gate: _Gate, began: float, tokens: float, taken: Mapping[str, float]) -> None:
        self._gate, self.began, self.tokens, self.taken = gate, began, tokens, taken

    def succeeded(self, tokens: float | None = None, allowances: Sequence[Allowance] = ()) -> None:
        """An answer came. `tokens` are those really used, None where the server did not say."""
        self._gate.succeeded(self, tokens, allowances)

    def busy(self, retry_after: float | None = None) -> None:
        """The server is busy (429) and asks for so many seconds."""
        self._gate.busy(self, retry_after)


class Limiter:
    """Lets at most `limit` holders in at once, on each event loop: loops share no place and no pace.

    Args:
        limit: Requests in flight at once, at most.
        limits: The caller's pace.
        clock: Seconds; tests replace it.
        sleep: Waits; tests replace it.
    """

    def __init__(
        self, limit: int, limits: Limits | None = None, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        if limit < 1:
            raise ValueError("a limit is at least 1")
        self.limit = limit
        self.limits = limits or Limits()
        self._clock, self._sleep = clock, sleep
        self._gates: WeakKeyDictionary[asyncio.AbstractEventLoop, _Gate] = WeakKeyDictionary()

    @property
    def allowed(self) -> int:
        """Requests that may be in flight on the running loop now: `limit`, or fewer since the server was busy."""
        return int(self._gate().allowed)

    @asynccontextmanager
    async def slot(self, tokens: float = 0.0) -> AsyncIterator[Slot]:
        """Hold one of the places, waiting for it and for the time to send.

        Args:
            tokens: An estimate of what the request will use, sent and received.
        """
        gate = self._gate()
        await gate.enter()
        try:
            await gate.wait_for_turn(tokens)
            yield gate.slot(tokens)
        finally:
            gate.leave()

    def _gate(self) -> _Gate:
        loop = asyncio.get_running_loop()
        gate = self._gates.get(loop)
        if gate is None:
            gate = self._gates[loop] = _Gate(self.limit, self.limits, self._clock, self._sleep)
        return gate


class _Gate:
    """The places of one event loop."""

    def __init__(self, limit: int, limits: Limits, clock: Clock, sleep: Sleep) -> None:
        self.limit = limit
        self.allowed = float(limit)
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._clock, self._sleep = clock, sleep
        self._requests = _Pace(limits.requests_per_minute)
        self._tokens = _Pace(limits.tokens_per_minute)
        self._provider = {"requests": _Provider(), "tokens": _Provider()}
        self._paused_until = self._lowered_at = float("-inf")
        self._busy_in_a_row = 0

    async def enter(self) -> None:
        if self._inside < int(self.allowed) and not self._waiting:
            self._inside += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled():
                self.leave()  # The place was given just as the wait was called off.
            raise

    def leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._inside < int(self.allowed):
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)

    async def wait_for_turn(self, tokens: float) -> None:
        """Wait until the server and the caller's pace let the request go out."""
        now = self._clock()
        at = max(self._requests.reserve(1.0, now), self._tokens.reserve(tokens, now))
        for _ in range(_LOOKS):
            wait = max(at, self._held_until(tokens)) - self._clock()
            if wait <= 0:
                break
            await self._sleep(wait)
        self._provider["requests"].taken += 1.0
        self._provider["tokens"].taken += tokens

    def _held_until(self, tokens: float) -> float:
        now = self._clock()
        return max(
            self._paused_until,
            self._provider["requests"].free_at(1.0, now),
            self._provider["tokens"].free_at(tokens, now),
        )

    def slot(self, tokens: float) -> Slot:
        return Slot(self, self._clock(), tokens, {of: told.taken for of, told in self._provider.items()})

    def succeeded(self, slot: Slot, tokens: float | None, allowances: Sequence[Allowance]) -> None:
        self._busy_in_a_row = 0
        if tokens is not None:
            self._tokens.correct(tokens - slot.tokens)
        now = self._clock()
        for allowance in allowances:
            self._provider[allowance.of].learn(allowance, slot.taken[allowance.of], now)
        if self.allowed < self.limit:
            # One more for each round of as many as are allowed: additive increase.
            self.allowed = min(float(self.limit), self.allowed + 1.0 / self.allowed)
            self._let_in()

    def busy(self, slot: Slot, retry_after: float | None) -> None:
        now = self._clock()
        self._busy_in_a_row += 1
        if slot.began >= self._lowered_at:
            # Those that were already out when it was lowered say nothing new: multiplicative decrease, once a round.
            self.allowed = max(1.0, self.allowed / 2)
            self._lowered_at = now
        if retry_after is not None and self._busy_in_a_row >= BUSY_IN_A_ROW:
            self._paused_until = max(self._paused_until, now + retry_after)


@dataclass
class _Pace:
    """Spreads amounts evenly over each minute: a virtual clock that every amount moves on by its share."""

    per_minute: float | None
    _next: float = field(default=float("-inf"), init=False)

    def reserve(self, amount: float, now: float) -> float:
        """The time at which an amount may go out."""
        if self.per_minute is None:
            return now
        at = max(now, self._next)
        self._next = at + amount * MINUTE / self.per_minute
        return at

    def correct(self, difference: float) -> None:
        """Put right what was reserved by an estimate."""
        if self.per_minute is not None:
            self._next += difference * MINUTE / self.per_minute


@dataclass
class _Provider:
    """What a provider said it would still take, and what went out since."""

    taken: float = 0.0
    """What went out in all."""
    _remaining: float = field(default=float("inf"), init=False)
    """Of what is taken in all, how much may be before it is whole again."""
    _until: float = field(default=float("-inf"), init=False)
    _learnt: float = field(default=float("-inf"), init=False)

    def free_at(self, amount: float, now: float) -> float:
        """When an amount may go out: at once while there is enough, else when it is whole again."""
        return self._until if now < self._until and self.taken + amount > self._remaining else now

    def learn(self, allowance: Allowance, taken: float, now: float) -> None:
        """Take in what a response says, at whose request `taken` had gone out."""
        if taken < self._learnt:
            return  # An answer that a later one has overtaken.
        self._learnt = taken
        # Whatever went out since the request is taken not to be counted yet: too careful rather than turned away.
        self._remaining, self._until = taken + allowance.remaining, now + allowance.resets_in
