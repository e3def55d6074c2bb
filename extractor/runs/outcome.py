"""What became of one article, as far as a run has to remember it: counts, no text."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extractor.files.inputs import Unread
    from extractor.records.coverage import Status
    from extractor.records.extraction import Extraction

_RANKS: dict[Status, int] = {"failed": 0, "partial": 1, "complete": 2}
KINDS = ("entities", "quotes", "claims")


class NotARecordError(ValueError):
    """A JSON object that is none of this program's records."""


def text_key(sha256: str, published: str | None) -> str:
    """The same for articles that hold the same: text and day. A day is what "on Monday" is resolved by."""
    return f"{sha256} {(published or '')[:10]}"


@dataclass(frozen=True)
class Outcome:
    """The counts of one record."""

    id: str
    sha256: str
    """Of the article's text."""
    published: str | None
    """The article's date as given."""
    same_text_as: str | None
    status: Status
    error: str | None
    """Code of what went wrong."""
    settings: str | None
    """Digest of what the record was made with, see `Provenance.settings`."""
    chars: int
    """Characters of the article."""
    read: int
    """Those that were read."""
    missed: dict[str, int]
    """Those that were not, by reason."""
    items: dict[str, int]
    """Items found, by kind."""
    usage: dict[str, Any]
    """See `Usage`."""

    @classmethod
    def of(cls, extraction: Extraction) -> Self:
        """The counts of a record."""
        article, coverage = extraction.article, extraction.coverage
        missed: Counter[str] = Counter()
        for stretch in coverage.missed:
            missed[stretch.reason] += stretch.end - stretch.start
        found = {name: len(items) for name in KINDS if (items := getattr(extraction, name)) is not None}
        own = {name: len(items) for name, items in (extraction.items or {}).items()}
        return cls(
            id=article.id,
            sha256=article.sha256,
            published=article.published,
            same_text_as=article.same_text_as,
            status=coverage.status,
            error=extraction.error.code if extraction.error else None,
            settings=extraction.provenance.settings,
            chars=len(article.text),
            read=_length(coverage.read),
            missed=dict(missed),
            items={**found, **own},
            usage=extraction.usage.model_dump(),
        )

    @classmethod
    def of_record(cls, record: Any) -> Self:
        """The counts of a record as it stands in a file. Raises `NotARecordError`."""
        try:
            article, coverage, error = record["article"], record["coverage"], record["error"]
            missed: Counter[str] = Counter()
            for stretch in coverage["missed"]:
                missed[stretch["reason"]] += stretch["end"] - stretch["start"]
            found = {name: len(record[name]) for name in KINDS if name in record}
            own = {name: len(items) for name, items in (record.get("items") or {}).items()}
            if coverage["status"] not in _RANKS or not isinstance(article["id"], str):
                raise NotARecordError
            return cls(
                id=article["id"],
                sha256=article["sha256"],
                published=article.get("published"),
                same_text_as=article.get("same_text_as"),
                status=coverage["status"],
                error=None if error is None else error["code"],
                settings=record["provenance"].get("settings"),
                chars=len(article["text"]),
                read=_length(coverage["read"]),
                missed=dict(missed),
                items={**found, **own},
                usage=record["usage"],
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise NotARecordError("no record") from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def text_key(self) -> str:
        """See the function of that name."""
        return text_key(self.sha256, self.published)

    def better_than(self, other: Outcome) -> bool:
        """Whether more was read than in another reading of the same text."""
        return (_RANKS[self.status], self.read) > (_RANKS[other.status], other.read)


@dataclass(frozen=True)
class Finished:
    """The record of one article, ready to be written."""

    outcome: Outcome
    line: bytes
    """The record as a line of JSON, its line feed included."""
    extraction: Extraction | None = None
    """The record itself, where it was made in this process."""
    chunks: int = 0
    """Chunks that it was read in."""
    message: str | None = None
    """What went wrong, in words."""
    unread: Unread | None = None
    """The input, where it gave no article."""


@dataclass
class Totals:
    """The counts of many records; they add up."""

    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    """Partial and failed articles by the code of what went wrong."""
    settings: Counter[str] = field(default_factory=Counter)
    """Records by the digest of what they were made with."""
    chars: int = 0
    read: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    same_text: int = 0
    """Records that are copies of another one's with the same text."""
    usage: Usage = field(default_factory=Usage)

    def add(self, outcome: Outcome) -> None:
        """Count a record."""
        self.statuses[outcome.status] += 1
        if outcome.error is not None:
            self.errors[outcome.error] += 1
        self.settings[outcome.settings or "unknown"] += 1
        self.chars += outcome.chars
        self.read += outcome.read
        self.missed.update(outcome.missed)
        self.items.update(outcome.items)
        self.same_text += outcome.same_text_as is not None
        self.usage += Usage.model_construct(**outcome.usage)

    @property
    def records(self) -> int:
        """Records counted."""
        return sum(self.statuses.values())

    def as_json(self) -> dict[str, Any]:
        """The counts as a manifest holds them."""
        return {
            "records": self.records,
            **{status: self.statuses[status] for status in ("complete", "partial", "failed")},
            "errors": _sorted(self.errors),
            "same_text": self.same_text,
            "characters": {"given": self.chars, "read": self.read, "missed": _sorted(self.missed)},
            "items": dict(self.items),
            "usage": self.usage.model_dump(),
            "by_settings": dict(self.settings),
        }


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _length(stretches: Iterable[Iterable[int]]) -> int:
    return sum(end - start for start, end in stretches)
