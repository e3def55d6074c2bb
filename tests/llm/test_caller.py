"""Every try is counted, and none is made that is in vain."""

from __future__ import annotations

import asyncio

import pytest

from extractor.errors import ModelAuthenticationError, ModelBusyError, ModelServerError, QuotaExhaustedError
from extractor.kinds.catalogue import KINDS
from extractor.llm.caller import HOPELESS_SECONDS, Caller, Meter
from extractor.llm.client import Reply
from extractor.llm.limits import Limiter
from extractor.llm.retry import RetryPolicy
from extractor.llm.scripted_client import Answer, ScriptedClient
from extractor.prompting.prompt import Prompt
from extractor.records.usage import Usage
from tests.run_async import run_async

PROMPT = Prompt("s", "u", KINDS)


async def no_wait(seconds: float) -> None:
    del seconds


def caller(*script: Answer) -> tuple[Caller, ScriptedClient]:
    client = ScriptedClient(script)
    return Caller(client, Limiter(2), RetryPolicy(max_attempts=3, sleep=no_wait)), client


@run_async
async def test_usage_of_failed_tries_is_counted() -> None:
    reply = Reply("{}", usage=Usage(requests=1, prompt_tokens=10, completion_tokens=2))
    asker, _ = caller(ModelBusyError("busy", retry_after=9), ModelServerError("down"), reply)
    meter = Meter()
    assert await asker.call(PROMPT, meter) is reply
    assert meter.usage == Usage(requests=3, prompt_tokens=10, completion_tokens=2)


@run_async
async def test_usage_of_a_failed_call_is_counted() -> None:
    asker, _ = caller(*[ModelServerError("down") for _ in range(9)])
    meter = Meter()
    with pytest.raises(ModelServerError):
        await asker.call(PROMPT, meter)
    assert meter.usage.requests == 3


@pytest.mark.parametrize("error", [ModelAuthenticationError("no", hint="key"), QuotaExhaustedError("no", hint="key")])
def test_after_a_hopeless_error_nothing_is_sent_for_a_while(error: ModelAuthenticationError) -> None:
    async def run() -> None:
        asker, client = caller(error, "{}")
        now = 0.0
        asker.clock = lambda: now
        for _ in range(3):
            meter = Meter()
            with pytest.raises(type(error)) as caught:
                await asker.call(PROMPT, meter)
            assert (str(caught.value), caught.value.hint) == ("no", "key")
        assert len(client.history) == 1
        assert meter.usage.requests == 0
        now = HOPELESS_SECONDS
        assert (await asker.call(PROMPT, meter)).text == "{}"

    asyncio.run(run())


@run_async
async def test_a_place_is_not_held_while_waiting() -> None:
    waiting = asyncio.Event()
    free = asyncio.Event()

    async def wait(seconds: float) -> None:
        del seconds
        waiting.set()
        await free.wait()

    client = ScriptedClient([ModelServerError("down"), "second", "first"])
    asker = Caller(client, Limiter(1), RetryPolicy(sleep=wait))
    first = asyncio.create_task(asker.call(PROMPT, Meter()))
    await asyncio.wait_for(waiting.wait(), 10)
    assert (await asker.call(PROMPT, Meter())).text == "second"
    free.set()
    assert (await first).text == "first"
