"""Who said what, what is asserted, and about whom: grounded quotes, claims and entities from news articles.

    from extractor import extract_sync
    for quote in extract_sync(text).quotes: ...

Everything here is loaded when it is first used: importing this package configures nothing and loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.api import Extractor, extract, extract_sync
    from extractor.backends.backend import Backend, ChunkResult
    from extractor.errors import ExtractorError
    from extractor.kinds.kind import Draft, Drafted, Kind
    from extractor.kinds.located import Located, Verbatim
    from extractor.llm.events import Event
    from extractor.llm.limits import Limits
    from extractor.llm.reply_store import Replies
    from extractor.records.article import Article
    from extractor.records.extraction import Extraction
    from extractor.records.item import Claim, CustomItem, Entity, Quote
    from extractor.records.source import Source
    from extractor.records.span import Span

__version__ = "0.1.0"

__all__ = [
    "Article",
    "Backend",
    "ChunkResult",
    "Claim",
    "CustomItem",
    "Draft",
    "Drafted",
    "Entity",
    "Event",
    "Extraction",
    "Extractor",
    "ExtractorError",
    "Kind",
    "Limits",
    "Located",
    "Quote",
    "Replies",
    "Source",
    "Span",
    "Verbatim",
    "__version__",
    "extract",
    "extract_sync",
]

_HOMES = {
    "Article": "records.article",
    "Backend": "backends.backend",
    "ChunkResult": "backends.backend",
    "Claim": "records.item",
    "CustomItem": "records.item",
    "Draft": "kinds.kind",
    "Drafted": "kinds.kind",
    "Entity": "records.item",
    "Event": "llm.events",
    "Extraction": "records.extraction",
    "Extractor": "api",
    "ExtractorError": "errors",
    "Kind": "kinds.kind",
    "Limits": "llm.limits",
    "Located": "kinds.located",
    "Quote": "records.item",
    "Replies": "llm.reply_store",
    "Source": "records.source",
    "Span": "records.span",
    "Verbatim": "kinds.located",
    "extract": "api",
    "extract_sync": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    return getattr(importlib.import_module(f"extractor.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
