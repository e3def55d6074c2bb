"""A prompt: a pure function of chunk, kinds, frame and examples, so that its fingerprint names its reply."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from extractor.prompting.layout import lay_out
from extractor.prompting.reply_form import ReplyForm, reply_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.kinds.kind import Kind
    from extractor.prompting.examples import Example
    from extractor.prompting.reply_form import Listed
    from extractor.prompting.templates import Frame
    from extractor.text.chunks import Chunk


@dataclass(frozen=True)
class Prompt:
    """What a model is asked, whatever the mode in which it is asked for structure."""

    system: str
    """What is the same for every chunk."""
    user: str
    """The article."""
    kinds: tuple[Listed, ...]
    """What the reply lists, in this order."""

    @property
    def messages(self) -> tuple[dict[str, str], ...]:
        """The messages, as chat APIs take them."""
        return {"role": "system", "content": self.system}, {"role": "user", "content": self.user}

    @property
    def form(self) -> type[ReplyForm]:
        """The pydantic model of the reply."""
        return reply_form(self.kinds)

    def fingerprint(self, provider: str, model: str, mode: str, sampling: Mapping[str, Any]) -> str:
        """Hex SHA-256 of all that a reply depends on; equal prompts to the same model share it across runs."""
        parts = [provider, model, mode, dict(sampling), self._digest]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def _digest(self) -> str:
        """Hex SHA-256 of messages and schema."""
        content = json.dumps(self.messages, sort_keys=True) + _schema_text(self.form)
        return hashlib.sha256(content.encode()).hexdigest()


@lru_cache(maxsize=256)
def _schema_text(form: type[ReplyForm]) -> str:
    return json.dumps(form.model_json_schema(), sort_keys=True)


def schema_digest(kinds: Sequence[Listed]) -> str:
    """The start of the SHA-256 of the JSON Schema that a model fills in for these kinds."""
    return hashlib.sha256(_schema_text(reply_form(tuple(kinds))).encode()).hexdigest()[:12]


def system_message(frame: Frame, kinds: Sequence[Kind[Any, Any]], examples: Sequence[Example]) -> str:
    """The system message, the same for every chunk. Raises `PromptError`."""
    shown = [view for example in examples if (view := example.view(kinds)) is not None]
    return frame.system(kinds, examples=shown)


def prompt_for(
    chunk: Chunk,
    kinds: Sequence[Kind[Any, Any]],
    frame: Frame,
    examples: Sequence[Example] = (),
    *,
    system: str | None = None,
) -> Prompt:
    """The prompt that asks for these kinds of items in a chunk.

    Args:
        chunk: What to read.
        kinds: What to report, in the order in which the reply lists it.
        frame: The template.
        examples: Few-shot examples, shown in the system message.
        system: What `system_message` gives, where the caller has it already.

    Raises:
        PromptError: The template fails.
    """
    if system is None:
        system = system_message(frame, kinds, examples)
    return Prompt(system, frame.user(kinds, **lay_out(chunk).variables()), tuple(kinds))
