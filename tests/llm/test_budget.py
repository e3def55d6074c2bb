"""What is spent is added up, and a request that would go beyond the limit is not sent."""

from __future__ import annotations

import asyncio

import pytest

from extractor.errors import BudgetSpentError
from extractor.llm.budget import Budget
from extractor.llm.prices import Prices
from extractor.records.usage import Usage
from tests.run_async import run_async

KNOWN, UNKNOWN = Prices("openai", "gpt-5-mini"), Prices("ollama", "mine")


def tokens(count: int) -> Usage:
    return Usage(prompt_tokens=count)


@run_async
async def test_tokens_run_out() -> None:
    budget = Budget(UNKNOWN, token_budget=100)
    held = await budget.hold(tokens(60))
    budget.settle(held, Usage(prompt_tokens=50, completion_tokens=10))
    budget.settle(await budget.hold(tokens(40)), tokens(40))
    with pytest.raises(BudgetSpentError, match="100 tokens"):
        await budget.hold(tokens(1))
    assert budget.spent.tokens == 100


@run_async
async def test_money_runs_out() -> None:
    budget = Budget(KNOWN, max_cost=1.0)
    dear = Usage(prompt_tokens=10, cost_usd=0.7)
    budget.settle(await budget.hold(dear), dear)
    with pytest.raises(BudgetSpentError, match=r"\$1"):
        await budget.hold(dear)
    budget.settle(await budget.hold(Usage(cost_usd=0.3)), Usage(cost_usd=0.29))
    assert budget.spent.cost_usd == pytest.approx(0.99)


@run_async
async def test_what_is_in_flight_is_held_and_others_wait_for_it() -> None:
    budget = Budget(UNKNOWN, token_budget=100)
    first = await budget.hold(tokens(70))
    second = asyncio.create_task(budget.hold(tokens(50)))
    await asyncio.sleep(0)
    assert not second.done()
    budget.settle(first, tokens(20))
    budget.settle(await second, tokens(50))
    assert budget.spent.tokens == 70


@run_async
async def test_a_waiting_request_learns_that_there_is_nothing_left() -> None:
    budget = Budget(UNKNOWN, token_budget=100)
    first = await budget.hold(tokens(70))
    second = asyncio.create_task(budget.hold(tokens(50)))
    await asyncio.sleep(0)
    budget.settle(first, tokens(90))
    with pytest.raises(BudgetSpentError):
        await second


@run_async
async def test_a_request_that_fails_gives_back_what_was_held() -> None:
    budget = Budget(UNKNOWN, token_budget=100)
    held = await budget.hold(tokens(90))
    with pytest.raises(ZeroDivisionError), budget.released(held):
        raise ZeroDivisionError
    budget.settle(await budget.hold(tokens(90)), tokens(1))


@run_async
async def test_a_wait_that_is_called_off() -> None:
    budget = Budget(UNKNOWN, token_budget=100)
    held = await budget.hold(tokens(90))
    waiting = asyncio.create_task(budget.hold(tokens(90)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    budget.settle(held, tokens(0))
    assert (await budget.hold(tokens(100))).usage.tokens == 100


def test_expectations_go_by_the_replies_so_far() -> None:
    budget = Budget(KNOWN, max_cost=1.0)
    before = budget.expected(1000, 100)
    assert before.completion_tokens > 100
    assert before.cost_usd is not None
    budget.count(Usage(completion_tokens=80), 40)
    budget.count(Usage(completion_tokens=10), 40)
    assert budget.expected(1000, 100).completion_tokens == 201


def test_no_limit_is_no_limit() -> None:
    budget = Budget(UNKNOWN)
    assert not budget.limited
    budget.count(Usage(prompt_tokens=10**9))
    assert budget.spent.tokens == 10**9
