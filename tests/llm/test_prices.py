"""Prices are those of genai-prices, with what the provider had in its cache priced as such."""

from __future__ import annotations

import pytest
from genai_prices import Usage as Priced
from genai_prices import calc_price

from extractor.llm.prices import Prices
from extractor.records.usage import Usage

USAGE = Usage(requests=1, prompt_tokens=5000, cached_tokens=4000, completion_tokens=800)


def test_the_price_is_the_price_lists() -> None:
    expected = calc_price(
        Priced(input_tokens=5000, cache_read_tokens=4000, output_tokens=800), "gpt-5-mini", provider_id="openai"
    )
    assert Prices("openai", "gpt-5-mini").cost(USAGE) == pytest.approx(float(expected.total_price))


def test_cached_tokens_are_cheaper() -> None:
    prices = Prices("openai", "gpt-5-mini")
    without = prices.cost(USAGE.model_copy(update={"cached_tokens": 0}))
    cost = prices.cost(USAGE)
    assert cost is not None
    assert without is not None
    assert 0 < cost < without


def test_more_cached_than_sent_is_no_error() -> None:
    assert Prices("openai", "gpt-5-mini").cost(USAGE.model_copy(update={"cached_tokens": 9999})) is not None


def test_a_deployment_is_priced_by_the_model_that_answers() -> None:
    prices = Prices("azure_openai", "our-deployment")
    assert prices.cost(USAGE) is None
    assert prices.cost(USAGE, answered_by="gpt-4o-2024-11-20") is not None


def test_a_provider_is_known_by_its_address() -> None:
    groq = Prices("openai", "llama-3.3-70b-versatile", "https://api.groq.com/openai/v1")
    assert groq.cost(USAGE) is not None
    assert Prices("openai", "llama-3.3-70b-versatile", "https://api.openai.com/v1").cost(USAGE) is None
    assert Prices("openai", "gpt-5-mini", "http://127.0.0.1:9/v1").cost(USAGE) is not None, "a gateway of one's own"


@pytest.mark.parametrize("prices", [Prices("openai", "nobody-knows"), Prices("ollama", "gpt-5-mini"), Prices("", "")])
def test_unknown_prices_are_none(prices: Prices) -> None:
    assert prices.cost(USAGE) is None
    assert not prices.known
