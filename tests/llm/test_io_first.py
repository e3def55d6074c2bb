"""One piece of work a round of the loop, with whatever else is ready in between."""

from __future__ import annotations

import asyncio

from extractor.llm.io_first import io_first
from tests.run_async import run_async


@run_async
async def test_between_two_pieces_of_work_the_loop_sees_to_the_rest() -> None:
    seen: list[str] = []

    async def work(number: int) -> None:
        await io_first()
        seen.append(f"work {number}")
        asyncio.get_running_loop().call_soon(seen.append, "a request goes out")

    await asyncio.gather(*(work(number) for number in range(3)))
    await asyncio.sleep(0)
    one, two, three = (f"work {number}" for number in range(3))
    assert [entry for entry in seen if entry.startswith("work")] == [one, two, three]
    assert "a request goes out" in seen[seen.index(one) : seen.index(two)]
    assert "a request goes out" in seen[seen.index(two) : seen.index(three)]


@run_async
async def test_who_is_cancelled_holds_nobody_up() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await io_first()
        done.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert done == [1, 3]
    await asyncio.wait_for(io_first(), timeout=5)


def test_each_loop_has_an_order_of_its_own() -> None:
    for _ in range(2):
        asyncio.run(io_first())
