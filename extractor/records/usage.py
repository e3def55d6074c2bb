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
    cached_tokens: int = 0
    """Those of the tokens sent that the provider had in its prefix cache, and charges less for."""
    completion_tokens: int = 0
    """Tokens received, as the server counted them."""
    reasoning_tokens: int = 0
    """Those of the tokens received that the model thought in."""
    cost_usd: float | None = None
    """Price in US dollars; null where the model's price is not known."""

    @property
    def tokens(self) -> int:
        """Tokens sent and received."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        costs = [usage.cost_usd for usage in (self, other) if usage.cost_usd is not None]
        return Usage.model_construct(
            requests=self.requests + other.requests,
            cached=self.cached + other.cached,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_usd=sum(costs) if costs else None,
        )
