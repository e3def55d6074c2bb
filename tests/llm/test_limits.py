"""No more requests are in flight than allowed, on any event loop."""

from __future__ import annotations

import asyncio

import pytest

from extractor.llm.limits import Limiter


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
