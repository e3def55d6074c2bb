"""What a model's tokens cost, by the price list that genai-prices ships. Nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from extractor.records.usage import Usage

PROVIDER_IDS = {"openai": "openai", "azure_openai": "azure"}
"""The price list's names for our providers; others have no prices."""


@dataclass(frozen=True)
class Prices:
    """The prices of one model."""

    provider: str
    """As in `provider/model`."""
    model: str
    base_url: str | None = None
    """Where it is served; a provider that the price list knows by its address is taken before `provider`."""

    @property
    def known(self) -> bool:
        """Whether the price list has the model."""
        return _price(self.provider, self.model, self.base_url, 1, 0, 1) is not None

    def cost(self, usage: Usage, *, answered_by: str | None = None) -> float | None:
        """US dollars for one request, None where the price is not known.

        Args:
            usage: Of the one request: prices may depend on its length.
            answered_by: The model as the server calls it, for names that the price list does not have (deployments).
        """
        for model in dict.fromkeys((self.model, answered_by)):
            if model is None:
                continue
            cached = min(usage.cached_tokens, usage.prompt_tokens)
            price = _price(self.provider, model, self.base_url, usage.prompt_tokens, cached, usage.completion_tokens)
            if price is not None:
                return float(price)
        return None


@lru_cache(maxsize=4096)
def _price(
    provider: str, model: str, base_url: str | None, prompt_tokens: int, cached_tokens: int, completion_tokens: int
) -> Decimal | None:
    from genai_prices import Usage, calc_price

    used = Usage(input_tokens=prompt_tokens, cache_read_tokens=cached_tokens or None, output_tokens=completion_tokens)
    if base_url is not None:
        try:
            return calc_price(used, model, provider_api_url=base_url).total_price
        except LookupError:
            pass
    listed = PROVIDER_IDS.get(provider)
    if listed is None:
        return None
    try:
        return calc_price(used, model, provider_id=listed).total_price
    except LookupError:
        return None
