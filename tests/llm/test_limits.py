"""No more requests are in flight than allowed, none goes out too soon, and a busy server is given time."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import UsageError
from extractor.llm.limits import MINUTE, Allowance, Limiter, Limits, allowances, duration
from tests.run_async import run_async


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def peak(limiter: Limiter, holders: int) -> int:
    inside = most = 0

    async def hold() -> None:
        nonlocal inside, most
        async with limiter.slot():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(hold() for _ in range(holders)))
    return most


def test_limit_holds_on_each_loop() -> None:
    limiter = Limiter(3)
    assert asyncio.run(peak(limiter, 20)) == 3
    assert asyncio.run(peak(limiter, 20)) == 3


def test_a_failure_gives_its_place_back() -> None:
    limiter = Limiter(1)

    async def fail() -> None:
        async with limiter.slot():
            raise ValueError

    async def run() -> int:
        await asyncio.gather(fail(), fail(), return_exceptions=True)
        return await peak(limiter, 2)

    assert asyncio.run(run()) == 1


def test_nobody_would_ever_get_in() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Limiter(0)


@run_async
async def test_a_wait_that_is_called_off_takes_no_place() -> None:
    limiter = Limiter(1)
    held, free = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with limiter.slot():
            held.set()
            await free.wait()

    holder = asyncio.create_task(hold())
    await held.wait()
    waiting = [asyncio.create_task(peak(limiter, 1)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    free.set()
    await holder
    waiting[1].cancel()  # Its place may have been given already.
    await asyncio.gather(*waiting, return_exceptions=True)
    assert waiting[2].result() == 1
    assert await peak(limiter, 3) == 1


# A busy server.


@run_async
async def test_a_429_lowers_the_limit_for_everybody_and_success_raises_it_again() -> None:
    limiter = Limiter(16)
    async with limiter.slot() as slot:
        slot.busy()
    assert limiter.allowed == 8
    assert await peak(limiter, 40) == 8
    rounds = 0
    while limiter.allowed < 16:
        for _ in range(limiter.allowed):
            async with limiter.slot() as slot:
                slot.succeeded()
        rounds += 1
    assert rounds <= 10, "one more a round"
    assert await peak(limiter, 40) == 16


@run_async
async def test_those_that_were_out_when_it_was_lowered_do_not_lower_it_again() -> None:
    time = Time()
    limiter = Limiter(16, clock=time)
    async with limiter.slot() as one, limiter.slot() as other, limiter.slot() as third:
        time.now += 1
        one.busy()
        other.busy()
        third.busy()
    assert limiter.allowed == 8
    time.now += 1
    for _ in range(9):
        async with limiter.slot() as slot:
            slot.busy()
        time.now += 1
    assert limiter.allowed == 1, "and never less"


@run_async
async def test_one_429_stops_nobody_else_and_two_in_a_row_everybody() -> None:
    time = Time()
    limiter = Limiter(4, clock=time, sleep=time.sleep)
    async with limiter.slot() as slot:
        slot.busy(retry_after=20)
    async with limiter.slot() as slot:
        slot.succeeded()
    assert time.slept == []
    async with limiter.slot() as slot:
        slot.busy(retry_after=20)
    async with limiter.slot() as slot:
        slot.busy(retry_after=20)
    async with limiter.slot():
        pass
    assert time.slept == [20]


# The caller's own pace.


@given(st.integers(1, 600), st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_no_minute_has_more_requests_than_are_allowed(per_minute: int, pauses: list[float]) -> None:
    time = Time()
    begun: list[float] = []

    async def run() -> None:
        limiter = Limiter(8, Limits(requests_per_minute=per_minute), clock=time, sleep=time.sleep)
        for pause in pauses:
            async with limiter.slot():
                begun.append(time.now)
            time.now += pause

    asyncio.run(run())
    for start in begun:
        # A minute is half open; the margin is for the rounding of sums.
        assert sum(start <= one < start + MINUTE - 1e-6 for one in begun) <= per_minute


@run_async
async def test_tokens_are_put_right_when_they_are_known() -> None:
    time = Time()
    limiter = Limiter(8, Limits(tokens_per_minute=600), clock=time, sleep=time.sleep)
    async with limiter.slot(100) as slot:
        slot.succeeded(300)
    async with limiter.slot(100) as slot:
        slot.succeeded(50)
    async with limiter.slot(100):
        pass
    assert time.slept == pytest.approx([30, 5])


@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute", "max_cost", "token_budget"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_limits_that_are_none(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        Limits(**{name: value})  # type: ignore[arg-type]


# What the provider says.


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("20ms", 0.02),
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("2m59.56s", 179.56),
        ("7", 7.0),
        ("1d", 86400.0),
        ("", None),
        ("soon", None),
        ("-3s", None),
        ("1s and more", None),
    ],
)
def test_durations(value: str, seconds: float | None) -> None:
    assert duration(value) == (None if seconds is None else pytest.approx(seconds))


def test_headers_of_allowances() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-remaining-tokens": "14000",
    }
    assert allowances(headers) == (Allowance("requests", 59, 1), Allowance("tokens", 14000, MINUTE))
    assert allowances({"x-ratelimit-remaining-requests": "many"}) == ()
    assert allowances({}) == ()


@run_async
async def test_what_the_provider_will_not_take_is_not_sent() -> None:
    time = Time()
    limiter = Limiter(8, clock=time, sleep=time.sleep)
    async with limiter.slot() as slot:
        slot.succeeded(allowances=[Allowance("requests", 2, 12)])
    for _ in range(2):
        async with limiter.slot():
            pass
    assert time.slept == []
    async with limiter.slot():
        pass
    assert time.slept == [12], "until it is whole again"
    async with limiter.slot(5000) as slot:
        slot.succeeded(allowances=[Allowance("tokens", 900, 7)])
    async with limiter.slot(800):
        pass
    async with limiter.slot(800):
        pass
    assert time.slept == [12, 7]


@run_async
async def test_requests_that_went_out_since_are_counted() -> None:
    time = Time()
    limiter = Limiter(8, clock=time, sleep=time.sleep)
    async with limiter.slot() as first, limiter.slot() as second:
        first.succeeded(allowances=[Allowance("requests", 1, 9)])
        second.succeeded(allowances=[Allowance("requests", 0, 9)])
    async with limiter.slot():
        pass
    assert time.slept == [9]
