"""What is tried again, when, and how often. Nothing here sleeps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from extractor.errors import (
    ExtractorError,
    ModelBusyError,
    ModelError,
    ModelServerError,
    ModelTimeoutError,
    RequestRefusedError,
)
from extractor.llm.retry import RetryPolicy, is_retryable
from tests.run_async import run_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Waits:
    """Records the waits that were asked for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def failing(*errors: BaseException) -> Callable[[], Awaitable[str]]:
    queue = list(errors)

    async def attempt() -> str:
        if queue:
            raise queue.pop(0)
        return "done"

    return attempt


@run_async
async def test_backoff_grows(waits: Waits) -> None:
    policy = RetryPolicy(sleep=waits)
    errors = [ModelServerError("1"), ModelTimeoutError("2"), ModelServerError("3"), ModelServerError("4")]
    assert await policy.run(failing(*errors)) == "done"
    assert len(waits.seconds) == 4
    for index, seconds in enumerate(waits.seconds):
        assert 0.5 * 2**index <= seconds <= 0.5 * 2**index + 0.5


@run_async
async def test_retry_after_is_honoured(waits: Waits) -> None:
    policy = RetryPolicy(sleep=waits)
    await policy.run(failing(ModelBusyError("busy", retry_after=7), ModelServerError("down", retry_after=100)))
    assert 7 <= waits.seconds[0] <= 8
    assert 100 <= waits.seconds[1] <= 101


@run_async
async def test_longest_wait(waits: Waits) -> None:
    policy = RetryPolicy(sleep=waits, max_attempts=12, deadline=10_000)
    with pytest.raises(ModelServerError):
        await policy.run(failing(*[ModelServerError("down") for _ in range(12)]))
    assert len(waits.seconds) == 11
    assert max(waits.seconds) <= 30.5


@run_async
async def test_last_error_is_raised_as_it_is(waits: Waits) -> None:
    last = ModelServerError("third")
    with pytest.raises(ModelServerError) as caught:
        await RetryPolicy(max_attempts=3, sleep=waits).run(
            failing(ModelServerError("first"), ModelBusyError("second"), last, ModelServerError("never"))
        )
    assert caught.value is last
    assert len(waits.seconds) == 2


@run_async
async def test_a_wait_beyond_the_deadline_is_not_begun(waits: Waits) -> None:
    with pytest.raises(ModelBusyError):
        await RetryPolicy(deadline=60, sleep=waits).run(failing(ModelBusyError("busy", retry_after=3600)))
    assert waits.seconds == []


@pytest.mark.parametrize("error", [RequestRefusedError("no"), ExtractorError("no"), ValueError("ours"), KeyError()])
@run_async
async def test_others_are_not_tried_again(waits: Waits, error: Exception) -> None:
    with pytest.raises(type(error)):
        await RetryPolicy(sleep=waits).run(failing(error))
    assert waits.seconds == []


@run_async
async def test_concurrent_runs_count_for_themselves(waits: Waits) -> None:
    policy = RetryPolicy(max_attempts=3, sleep=waits)
    attempts = 0

    async def attempt() -> None:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(0)
        raise ModelServerError("down")

    results = await asyncio.gather(*(policy.run(attempt) for _ in range(64)), return_exceptions=True)
    assert all(isinstance(result, ModelServerError) for result in results)
    assert attempts == 64 * 3


@run_async
async def test_cancellation_passes() -> None:
    entered = asyncio.Event()

    async def wait(seconds: float) -> None:
        del seconds
        entered.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(RetryPolicy(sleep=wait).run(failing(ModelServerError("down"))))
    await asyncio.wait_for(entered.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_only_model_errors_say_so() -> None:
    assert is_retryable(ModelBusyError("busy"))
    assert not is_retryable(ModelError("any"))
    assert not is_retryable(TimeoutError())
