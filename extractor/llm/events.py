"""What happens while a model is asked, for whoever embeds this package: hooks, and the same as log records.

An event may hold prompts, replies and drafts: it goes to the program that asked for it. A log record names only what
stands in `facts`, and never the words of an article.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from extractor.errors import ExtractorError, ModelError
    from extractor.llm.client import Reply
    from extractor.prompting.prompt import Prompt
    from extractor.records.extraction import Rejection

logger = logging.getLogger("extractor")


@dataclass(frozen=True)
class Place:
    """Which stretch of which article is being read."""

    article: str
    """The article's id."""
    start: int
    """Offset of its first character."""
    end: int
    """Offset behind its last character."""


PLACE: ContextVar[Place | None] = ContextVar("place", default=None)
"""What the running task reads."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; each of these has a class of its own."""

    name: ClassVar[str]
    level: ClassVar[int] = logging.DEBUG
    place: Place | None = field(default_factory=PLACE.get)
    """What was being read, where that is known."""

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {}


@dataclass(frozen=True, kw_only=True)
class RequestSent(Event):
    """A request goes out."""

    name: ClassVar[str] = "request sent"
    prompt: Prompt = field(repr=False)
    attempt: int
    """1, and more where it is tried again."""

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {"attempt": self.attempt}


@dataclass(frozen=True, kw_only=True)
class ReplyReceived(Event):
    """A reply came, from the model or from the store."""

    name: ClassVar[str] = "reply received"
    prompt: Prompt = field(repr=False)
    reply: Reply = field(repr=False)
    stored: bool
    """Whether it came from the store; then nothing was sent."""
    seconds: float
    """From the request to the reply."""

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        usage = self.reply.usage
        return {
            "stored": self.stored,
            "finish": self.reply.finish,
            "seconds": round(self.seconds, 3),
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
        }


@dataclass(frozen=True, kw_only=True)
class RequestFailed(Event):
    """A request brought no reply. If it is tried again, a `RetryScheduled` follows."""

    name: ClassVar[str] = "request failed"
    level: ClassVar[int] = logging.INFO
    prompt: Prompt = field(repr=False)
    error: ModelError
    attempt: int

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {"error": self.error.code, "retryable": self.error.retryable, "attempt": self.attempt}


@dataclass(frozen=True, kw_only=True)
class RetryScheduled(Event):
    """A request that failed will be sent again."""

    name: ClassVar[str] = "retry scheduled"
    level: ClassVar[int] = logging.INFO
    error: ModelError
    attempt: int
    """The one that failed."""
    wait: float
    """Seconds until it is sent again, at the earliest."""

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {"error": self.error.code, "attempt": self.attempt, "wait": round(self.wait, 3)}


@dataclass(frozen=True, kw_only=True)
class RepairAsked(Event):
    """A reply was not good enough, and the model is asked for what it lacks."""

    name: ClassVar[str] = "repair asked"
    level: ClassVar[int] = logging.INFO
    reason: str
    """`items`: some do not stand in the article. Else the code of what went wrong: `malformed`, `truncated`, `refused`,
    `filtered`, or `request_refused` of a prompt that is too long."""
    count: int
    """Items that are asked for again, or requests for what is unread."""

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {"reason": self.reason, "count": self.count}


@dataclass(frozen=True, kw_only=True)
class ChunkRead(Event):
    """A chunk is done with, whether or not all of it was read."""

    name: ClassVar[str] = "chunk read"
    missed: bool
    """Whether some of it was not."""

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {"missed": self.missed}


@dataclass(frozen=True, kw_only=True)
class ItemRejected(Event):
    """A draft is not reported, or not this field of it."""

    name: ClassVar[str] = "item rejected"
    level: ClassVar[int] = logging.INFO
    rejection: Rejection = field(repr=False)

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {"kind": self.rejection.kind, "reason": self.rejection.reason}


@dataclass(frozen=True, kw_only=True)
class ReplyNotStored(Event):
    """The reply store could not be read or written; the run goes on without it."""

    name: ClassVar[str] = "reply not stored"
    level: ClassVar[int] = logging.WARNING
    error: ExtractorError

    def facts(self) -> dict[str, Any]:
        """What a log may say of it."""
        return {"error": self.error.code}


Observer = Callable[[Event], None]
"""Is told every event, on the event loop: it must not block. What it raises is logged, and changes nothing."""


class Hooks:
    """Tells events to an observer and to the log."""

    def __init__(self, observer: Observer | None = None) -> None:
        self.observer = observer

    def tell(self, event: Event) -> None:
        """Pass an event on."""
        if logger.isEnabledFor(event.level):
            place = {} if event.place is None else {"article": event.place.article, "start": event.place.start}
            logger.log(event.level, event.name, extra={**place, **event.facts()})
        if self.observer is not None:
            try:
                self.observer(event)
            except Exception as error:  # noqa: BLE001 - a hook's bug may not cost an article
                # Not its own words: they may hold the article's.
                logger.error("observer failed", extra={"error": type(error).__name__})
