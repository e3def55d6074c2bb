"""The one method that a language model has to offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.llm.limits import Allowance
    from extractor.prompting.prompt import Prompt

Mode = Literal["tools", "json_schema", "json", "md_json"]
"""How a model is asked for structure: a forced tool call, a response format with the schema, a response format of
JSON with the schema in words, or a Markdown fence."""

MODES: tuple[Mode, ...] = ("tools", "json_schema", "json", "md_json")

Finish = Literal["stop", "length", "refusal", "content_filter"]


@dataclass(frozen=True)
class Reply:
    """What a model answered, unread."""

    text: str
    """The message's content, or the arguments of its tool call; of several calls, with `reading.RECORD` between them.
    Of a refusal: nothing."""
    finish: Finish = "stop"
    """Why it ended: by itself, at the output limit, because the model or the provider's filter declined."""
    usage: Usage = field(default_factory=lambda: Usage(requests=1))
    """Of this reply; a client that asked twice counts both."""
    model: str | None = None
    """The model that answered, as the server calls it."""
    mode: str = field(default="", compare=False)
    """The mode in which it was asked for."""
    allowances: Sequence[Allowance] = field(default=(), compare=False)
    """What the provider says it will still take."""


class Client(Protocol):
    """Asks one language model."""

    async def complete(self, prompt: Prompt) -> Reply:
        """The reply to a prompt: one try. Raises `ModelError`; its `retryable` says whether to try again."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
