"""Every try is counted, and none is made that is in vain."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from extractor.errors import (
    BudgetSpentError,
    ExtractorError,
    ModelAuthenticationError,
    ModelBusyError,
    ModelError,
    ModelServerError,
    ModelUnreachableError,
    OutputError,
    QuotaExhaustedError,
    ReplyMissingError,
    RequestRefusedError,
)
from extractor.kinds.catalogue import KINDS
from extractor.llm.budget import Budget
from extractor.llm.caller import FIRST_CONTACT, HOPELESS_SECONDS, REFUSED_AT_ALL, Caller, Meter, Recall
from extractor.llm.client import Reply
from extractor.llm.endpoint import Target
from extractor.llm.events import PLACE, Event, Hooks, Place, ReplyNotStored, ReplyReceived
from extractor.llm.limits import Limiter
from extractor.llm.prices import Prices
from extractor.llm.reply_store import ReplyStore, Use
from extractor.llm.retry import RetryPolicy
from extractor.llm.scripted_client import Answer, ScriptedClient
from extractor.prompting.prompt import Prompt
from extractor.records.usage import Usage
from tests.run_async import run_async

if TYPE_CHECKING:
    from pathlib import Path

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


# What concerns all requests.


def refused() -> RequestRefusedError:
    return RequestRefusedError("no", hint="mode")


@run_async
async def test_a_server_that_refuses_all_is_asked_no_more() -> None:
    asker, client = caller(*[refused() for _ in range(9)])
    for number in range(6):
        with pytest.raises(RequestRefusedError):
            await asker.call(Prompt("s", f"u{number}", KINDS), Meter())
    assert len(client.history) == REFUSED_AT_ALL


@run_async
async def test_a_server_that_refuses_one_prompt_is_asked_for_others() -> None:
    asker, client = caller("{}", *[refused() for _ in range(4)], "{}")
    await asker.call(PROMPT, Meter())
    for _ in range(4):
        with pytest.raises(RequestRefusedError):
            await asker.call(PROMPT, Meter())
    assert (await asker.call(PROMPT, Meter())).text == "{}"
    asker, client = caller(*[refused() for _ in range(9)], "{}")
    for number in range(9):
        PLACE.set(Place("the-one", number, number + 1))
        with pytest.raises(RequestRefusedError):
            await asker.call(Prompt("s", f"u{number}", KINDS), Meter())
    PLACE.set(Place("another", 0, 1))
    assert (await asker.call(Prompt("s", "other", KINDS), Meter())).text == "{}", "it may have been the article"
    assert len(client.history) == 10


@run_async
async def test_a_fault_of_what_all_requests_share_is_met_once() -> None:
    fault = refused()
    fault.about_all = True
    asker, client = caller(fault)
    for number in range(4):
        with pytest.raises(RequestRefusedError, match="no"):
            await asker.call(Prompt("s", f"u{number}", KINDS), Meter())
    assert len(client.history) == 1


@run_async
async def test_a_server_that_was_never_there_is_given_up_sooner() -> None:
    client = ScriptedClient(lambda prompt: ModelUnreachableError("nobody"))
    asker = Caller(client, Limiter(2), RetryPolicy(max_attempts=20, sleep=no_wait))
    for _ in range(3):
        with pytest.raises(ModelUnreachableError, match="nobody"):
            await asker.call(PROMPT, Meter())
    assert len(client.history) == FIRST_CONTACT
    answers: list[Answer] = ["{}", *[ModelUnreachableError("away") for _ in range(9)], "{}"]
    client = ScriptedClient(answers)
    asker = Caller(client, Limiter(2), RetryPolicy(max_attempts=20, sleep=no_wait))
    await asker.call(PROMPT, Meter())
    assert (await asker.call(PROMPT, Meter())).text == "{}", "one that was there may come back"


@run_async
async def test_what_there_is_no_budget_for_is_not_sent() -> None:
    usage = Usage(requests=1, prompt_tokens=300, completion_tokens=200)
    client = ScriptedClient(lambda prompt: Reply("{}", usage=usage))
    budget = Budget(Prices("", ""), token_budget=1000)
    asker, meter = Caller(client, Limiter(2), RetryPolicy(sleep=no_wait), budget=budget), Meter()
    for _ in range(2):
        await asker.call(PROMPT, meter)
    with pytest.raises(BudgetSpentError):
        await asker.call(PROMPT, meter)
    assert len(client.history) == 2
    assert meter.usage.tokens == budget.spent.tokens == 1000


@run_async
async def test_cost_is_that_of_each_reply() -> None:
    usage = Usage(requests=1, prompt_tokens=1_000_000, completion_tokens=0)
    prices = Prices("openai", "gpt-5-mini")
    asker, _ = caller(ModelServerError("down"), Reply("{}", usage=usage))
    asker.budget = Budget(prices)
    meter = Meter()
    reply = await asker.call(PROMPT, meter)
    assert meter.usage.cost_usd == reply.usage.cost_usd == prices.cost(usage)
    assert meter.usage.requests == 2


# The reply store.


def storing(path: Path, *script: Answer, use: Use = "cache", client: bool = True) -> tuple[Caller, ScriptedClient]:
    scripted = ScriptedClient(script)
    store = ReplyStore(path, read_only=use == "replay")
    recall = Recall(store, use, ["json_schema", "md_json"])
    target = Target("openai", "m", {"temperature": 0.5})
    asker = Caller(scripted if client else None, Limiter(4), RetryPolicy(sleep=no_wait), target=target, recall=recall)
    return asker, scripted


@run_async
async def test_a_stored_reply_is_not_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    usage = Usage(requests=1, prompt_tokens=10, completion_tokens=2)
    asker, _ = storing(path, Reply("first", "length", usage, "m-1", mode="md_json"))
    await asker.call(PROMPT, Meter())
    asker, client = storing(path)
    events: list[Event] = []
    asker.hooks = Hooks(events.append)
    meter = Meter()
    reply = await asker.call(PROMPT, meter)
    assert (reply.text, reply.finish, reply.model) == ("first", "length", "m-1")
    assert meter.usage == Usage(cached=1), "it costs nothing now"
    assert client.history == []
    (received,) = events
    assert isinstance(received, ReplyReceived)
    assert (received.stored, received.reply.usage) == (True, usage), "but that is what it did cost"


@run_async
async def test_other_prompts_models_and_sampling_are_others(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    asker, _ = storing(path, *"abcdefg")
    assert (await asker.call(PROMPT, Meter())).text == "a"
    for other in (Prompt("s2", "u", KINDS), Prompt("s", "u2", KINDS), Prompt("s", "u", KINDS[:1])):
        assert (await asker.call(other, Meter())).text != "a"
    for target in (
        Target("ollama", "m", {"temperature": 0.5}),
        Target("openai", "m2", {"temperature": 0.5}),
        Target("openai", "m", {}),
    ):
        asker.target = target
        assert (await asker.call(PROMPT, Meter())).text != "a"
    asker.target = Target("openai", "m", {"temperature": 0.5}, "elsewhere", 9)
    assert (await asker.call(PROMPT, Meter())).text == "a", "wherever it is served"


@run_async
async def test_the_same_prompt_is_not_asked_twice_at_once(tmp_path: Path) -> None:
    free = asyncio.Event()

    class Slow(ScriptedClient):
        async def complete(self, prompt: Prompt) -> Reply:
            await free.wait()
            return await super().complete(prompt)

    asker, _ = storing(tmp_path / "r.sqlite")
    asker.client = client = Slow(["once"])
    meters = [Meter() for _ in range(5)]
    calls = [asyncio.create_task(asker.call(PROMPT, meter)) for meter in meters]
    await asyncio.sleep(0)
    calls[0].cancel()
    free.set()
    replies = await asyncio.gather(*calls, return_exceptions=True)
    assert [reply.text for reply in replies if isinstance(reply, Reply)] == ["once"] * 4, "one takes over"
    assert len(client.history) == 1
    assert sum(meter.usage.requests for meter in meters) == 1
    assert sum(meter.usage.cached for meter in meters) == 3


@run_async
async def test_who_waited_for_one_that_failed_asks_itself(tmp_path: Path) -> None:
    asker, client = storing(tmp_path / "r.sqlite", refused(), "second")
    replies = await asyncio.gather(*(asker.call(PROMPT, Meter()) for _ in range(2)), return_exceptions=True)
    assert isinstance(replies[0], RequestRefusedError)
    assert isinstance(replies[1], Reply)
    assert len(client.history) == 2


@run_async
async def test_refreshing_asks_anew_and_once(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    asker, _ = storing(path, "old")
    await asker.call(PROMPT, Meter())
    asker, client = storing(path, "new", "newer", use="refresh")
    assert [(await asker.call(PROMPT, Meter())).text for _ in range(2)] == ["new", "new"]
    assert len(client.history) == 1
    asker, _ = storing(path)
    assert (await asker.call(PROMPT, Meter())).text == "new"


@run_async
async def test_replaying_never_asks(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    asker, _ = storing(path, "recorded", "vain")
    await asker.call(PROMPT, Meter())
    vain = Prompt("s", "vain", KINDS)
    await asker.call(vain, Meter())
    asker.in_vain(vain)
    replaying, _ = storing(path, use="replay", client=False)
    assert (await replaying.call(PROMPT, Meter())).text == "recorded"
    assert (await replaying.call(vain, Meter())).text == "vain", "a recording has it all"
    with pytest.raises(ReplyMissingError) as caught:
        await replaying.call(Prompt("s", "never asked", KINDS[:2]), Meter())
    assert not caught.value.retryable
    fingerprint = Prompt("s", "never asked", KINDS[:2]).fingerprint("openai", "m", "json_schema", {"temperature": 0.5})
    assert fingerprint[:12] in str(caught.value)
    assert "entities, quotes" in str(caught.value)
    replaying.in_vain(PROMPT)  # Writes nothing.


@run_async
async def test_replies_of_which_nothing_came_are_asked_for_again(tmp_path: Path) -> None:
    asker, client = storing(tmp_path / "r.sqlite", "bad", "good")
    await asker.call(PROMPT, Meter())
    asker.in_vain(PROMPT)
    assert (await asker.call(PROMPT, Meter())).text == "good"
    assert len(client.history) == 2


@run_async
async def test_failures_are_not_stored(tmp_path: Path) -> None:
    asker, _ = storing(tmp_path / "r.sqlite", refused(), "{}")
    with pytest.raises(ModelError):
        await asker.call(PROMPT, Meter())
    assert (await asker.call(PROMPT, Meter())).text == "{}"


@run_async
async def test_a_reply_that_cannot_be_stored_is_no_less_a_reply(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    asker, _ = storing(path, "one", "two")
    events: list[Event] = []
    asker.hooks = Hooks(events.append)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE replies")
    connection.close()
    assert (await asker.call(PROMPT, Meter())).text == "one"
    (reading, writing) = [event for event in events if isinstance(event, ReplyNotStored)]
    assert isinstance(reading.error, OutputError)
    assert isinstance(writing.error, ExtractorError)


@run_async
async def test_what_is_stored_is_no_estimate(tmp_path: Path) -> None:
    asker, client = storing(tmp_path / "r.sqlite", "{}")
    estimate = asker.estimate(PROMPT)
    assert (estimate.requests, estimate.stored) == (1, 0)
    assert estimate.prompt_tokens > 0
    await asker.call(PROMPT, Meter())
    estimate = asker.estimate(PROMPT)
    assert (estimate.requests, estimate.stored, estimate.prompt_tokens) == (0, 1, 0)
    assert len(client.history) == 1
