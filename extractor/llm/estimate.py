"""What a run would take, before it is begun."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """Counts and tokens of requests that were not sent; estimates add.

    Tokens are counted without the model's tokenizer, and the length of replies is guessed from that of a recorded one:
    good for an order of magnitude. Repairs and retries come on top.
    """

    articles: int = 0
    chunks: int = 0
    requests: int = 0
    """Requests that would go out."""
    stored: int = 0
    """Prompts whose reply is in the store."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    """US dollars; None where the model's price is not known or nothing would be sent."""

    def __add__(self, other: Estimate) -> Estimate:
        costs = [one.cost_usd for one in (self, other) if one.cost_usd is not None]
        return Estimate(
            articles=self.articles + other.articles,
            chunks=self.chunks + other.chunks,
            requests=self.requests + other.requests,
            stored=self.stored + other.stored,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost_usd=sum(costs) if costs else None,
        )
