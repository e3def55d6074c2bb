"""What an extraction cost."""

from __future__ import annotations

from extractor.records.record import Record


class Usage(Record):
    """Requests, tokens and money; usages add."""

    requests: int = 0
    """Calls that went out over the network, retries and repairs included."""
    cached: int = 0
    """Calls that were answered from stored replies."""
    prompt_tokens: int = 0
    """Tokens sent, as the server counted them."""
    completion_tokens: int = 0
    """Tokens received, as the server counted them."""
    cost_usd: float | None = None
    """Price in US dollars; null where the model's price is not known."""

    def __add__(self, other: Usage) -> Usage:
        costs = [usage.cost_usd for usage in (self, other) if usage.cost_usd is not None]
        return Usage(
            requests=self.requests + other.requests,
            cached=self.cached + other.cached,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost_usd=sum(costs) if costs else None,
        )
