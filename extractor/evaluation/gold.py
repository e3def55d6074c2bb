"""Gold, and what a system predicts of the same articles: read, checked, brought side by side.

Both have the record's form (`schemas/`), of which a scorer needs little: an article's `id` and `text`, and the kinds
with their spans. Everything else may be absent, so other systems' output can be scored too. Gold may add
`speech: false` on a quote (neither hit nor miss), `not_scored: [[start, end]]` (nor is what lies there), `scored_types`
(entity types that were labelled; others are neither hit nor miss) and `properties` (what `--slice` goes by).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import SourceError
from extractor.records.article import Article
from extractor.records.item import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from extractor.evaluation.judge import Judgements
    from extractor.records.extraction import Extraction

KindName = Literal["entities", "quotes", "claims"]
KIND_NAMES: tuple[KindName, ...] = get_args(KindName)
ENTITY_TYPES: tuple[str, ...] = get_args(EntityType)

MISPLACED = "misplaced"
"""The grounding of a predicted item one of whose spans does not hold the text that it says."""


class _Part(BaseModel):
    # `ignore`: a prediction may carry whatever its maker likes.
    model_config = ConfigDict(
        extra="ignore", frozen=True, ignored_types=(cached_property,), use_attribute_docstrings=True
    )


class Stretch(_Part):
    """A span: half-open, in code points of the article's text."""

    start: int = Field(ge=0)
    """Offset of its first code point."""
    end: int
    """Offset behind its last one."""
    text: str | None = None
    """What stands there."""

    def stands_in(self, text: str) -> bool:
        """Whether it is a stretch of the text, and holds what it says."""
        inside = self.start < self.end <= len(text)
        return inside and (self.text is None or text[self.start : self.end] == self.text)

    def overlaps(self, other: Stretch) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


class LabelledSource(_Part):
    """A speaker or a claimant."""

    name: str | None = None
    """Full name where the article gives one; a description of its own words else."""
    entity: str | None = None
    """Id of the entity."""
    mention: Stretch | None = None
    """The nearest place where it is named, described or referred to."""


class LabelledEntity(_Part):
    """A thing with a name."""

    id: str = ""
    """Its name among the article's items."""
    type: str
    """person, organization, location, group, event, product or work; predictions may have others."""
    name: str = ""
    """The fullest form."""
    aliases: tuple[str, ...] = ()
    """Shorter forms."""
    mentions: tuple[Stretch, ...]
    """Each place where a form of its name stands."""


class LabelledQuote(_Part):
    """What a source said."""

    id: str = ""
    """Its name among the article's items."""
    kind: str = "direct"
    """direct, mixed or indirect."""
    spans: tuple[Stretch, ...] = Field(min_length=1)
    """Its content, in several pieces where its own attribution stands between them."""
    cue: Stretch | None = None
    """The reporting expression."""
    speaker: LabelledSource | None = None
    """Whose words they are."""
    speech: bool = True
    """False in gold: an attribution that nobody voiced, neither hit nor miss."""
    grounding: str | None = None
    """How literally it was found, in predictions."""


class LabelledClaim(_Part):
    """A factual assertion."""

    id: str = ""
    """Its name among the article's items."""
    kind: str = "event"
    """quantity, causal, rule, prediction or event."""
    text: str = ""
    """The claim in words that stand alone."""
    evidence: tuple[Stretch, ...] = Field(min_length=1)
    """The words that say it."""
    claimant: LabelledSource | None = None
    """Who asserts it; none where the article does."""
    quote: str | None = None
    """Id of the quote that it is made in."""
    grounding: str | None = None
    """How literally its evidence was found, in predictions."""


class LabelledArticle(_Part):
    """The article."""

    id: str
    """Its name in gold and predictions."""
    text: str | None = None
    """As it was given; required in gold."""
    sha256: str | None = None
    """Of the text's UTF-8, in hex."""
    title: str | None = None
    """Its title."""
    published: str | None = None
    """When, as it was given; a model is shown it."""
    source: str | None = None
    """Who published it."""
    language: str | None = None
    """Its language."""


class Labelled(_Part):
    """One article with what was labelled, or predicted, of it. A kind that is None was not."""

    article: LabelledArticle
    """What was read."""
    entities: tuple[LabelledEntity, ...] | None = None
    """All of them."""
    quotes: tuple[LabelledQuote, ...] | None = None
    """All of them."""
    claims: tuple[LabelledClaim, ...] | None = None
    """All of them."""
    audit: tuple[dict[str, Any], ...] | None = None
    """Of predictions: quotation marks that are part of no quote."""
    rejected: tuple[dict[str, Any], ...] = ()
    """Of predictions: drafts that do not stand in the article."""
    usage: dict[str, Any] = {}
    """Of predictions: requests, tokens, cost."""
    coverage: dict[str, Any] = {}
    """Of predictions: what was read."""
    error: dict[str, Any] | None = None
    """Of predictions: why something was not read."""
    not_scored: tuple[tuple[int, int], ...] = ()
    """Stretches of the text in which nothing is scored."""
    scored_types: tuple[str, ...] | None = None
    """The entity types that were labelled; all if absent."""
    properties: dict[str, Any] = {}
    """What scores are sliced by: genre, part, features …"""

    @property
    def id(self) -> str:
        """The article's id."""
        return self.article.id

    @property
    def text(self) -> str:
        """The article's text; empty where a prediction leaves it out."""
        return self.article.text or ""

    def to_read(self) -> Article:
        """The article as a system reads it: without labels, with what a model is shown of it."""
        given = self.article
        return Article(
            id=given.id, text=self.text, title=given.title, published=given.published, language=given.language
        )

    def items(self) -> Iterator[tuple[str, tuple[Stretch, ...], tuple[Stretch, ...]]]:
        """Each item: what it is called, the spans that make it, and the others that it has."""
        for entity in self.entities or ():
            yield f"entity {entity.id or entity.name}", entity.mentions, ()
        for quote in self.quotes or ():
            yield f"quote {quote.id}", quote.spans, _beside(quote.cue, quote.speaker)
        for claim in self.claims or ():
            yield f"claim {claim.id}", claim.evidence, _beside(None, claim.claimant)


def _beside(cue: Stretch | None, source: LabelledSource | None) -> tuple[Stretch, ...]:
    mention = source.mention if source else None
    return tuple(span for span in (cue, mention) if span is not None)


@dataclass(frozen=True)
class Gold:
    """Labelled articles, by id, in order."""

    articles: dict[str, Labelled]
    sha256: str
    """Digest of the texts and labels, whatever their order."""

    @cached_property
    def has_unvoiced(self) -> bool:
        """Whether some attributions are labelled as nothing that was said."""
        return any(not quote.speech for one in self.articles.values() for quote in one.quotes or ())

    def kinds(self) -> list[KindName]:
        """The kinds that are labelled in some article."""
        return [kind for kind in KIND_NAMES if any(getattr(one, kind) is not None for one in self.articles.values())]


@dataclass
class Predictions:
    """What one system predicts of articles, by id."""

    name: str
    articles: dict[str, Labelled]
    notes: list[str] = field(default_factory=list)
    """What is to be said of them: lines that could not be read, articles that gold does not have."""
    seconds: float | None = None
    """How long the system took, where it ran here."""
    judged: dict[str, Judgements] = field(default_factory=dict)
    """What a judge says of its claims, by article, where one was asked."""

    def kinds(self) -> list[KindName]:
        """The kinds that are predicted in some article; all where none is."""
        given = [kind for kind in KIND_NAMES if any(getattr(one, kind) is not None for one in self.articles.values())]
        return given or list(KIND_NAMES)


def read_gold(paths: Sequence[str | Path]) -> Gold:
    """Read gold: JSON Lines files, a record a line.

    Raises:
        SourceError: A file or line that cannot be read, a label whose text does not stand at its offsets, an unknown
            entity type, an id or a digest that does not agree. Gold is right as a whole or not used at all.
    """
    articles: list[Labelled] = []
    seen: set[str] = set()
    for path in paths:
        for number, line in _lines(path):
            place = f"{path}:{number}"
            one = _parse(line, place)
            _check(one, place)
            if one.id in seen:
                raise SourceError(f"{place}: the id {one.id!r} is there twice")
            seen.add(one.id)
            articles.append(one)
    return gold_of(articles, ", ".join(map(str, paths)))


def gold_of(articles: Sequence[Labelled], name: str = "the gold") -> Gold:
    """Gold of articles that are known to be right. Raises SourceError where there is none."""
    if not articles:
        raise SourceError(
            f"{name} holds no article", hint="a line of JSON an article, as `extractor extract` writes it"
        )
    digests = sorted(hashlib.sha256(one.model_dump_json().encode()).hexdigest() for one in articles)
    return Gold({one.id: one for one in articles}, hashlib.sha256("".join(digests).encode()).hexdigest())


def _check(one: Labelled, place: str) -> None:
    """Raise SourceError where an article's labels are not what they say."""
    if one.article.text is None:
        raise SourceError(f"{place}: the article has no text")
    if one.article.sha256 and one.article.sha256 != hashlib.sha256(one.text.encode()).hexdigest():
        raise SourceError(f"{place}: the article's sha256 is not the digest of its text")
    for name, spans, beside in one.items():
        for span in (*spans, *beside):
            if not span.stands_in(one.text):
                raise SourceError(
                    f"{place}: {name} of {one.id!r}: its text does not stand at [{span.start}, {span.end})",
                    hint="offsets are half-open and count code points of article.text",
                )
    for entity in one.entities or ():
        if entity.type not in ENTITY_TYPES:
            raise SourceError(f"{place}: unknown entity type {entity.type!r}", hint=", ".join(ENTITY_TYPES))


def read_predictions(path: str | Path, name: str | None = None) -> Predictions:
    """Read one system's predictions: JSON Lines, a record a line; of several lines of one id, the last counts.

    A line that cannot be read is noted and left out, so its article counts as not predicted.

    Raises:
        SourceError: The file cannot be read.
    """
    predictions = Predictions(name or Path(path).stem, {})
    for number, line in _lines(path):
        try:
            one = _parse(line, f"{path}:{number}")
        except SourceError as error:
            predictions.notes.append(str(error))
            continue
        predictions.articles[one.id] = one
    return predictions


def predictions_of(name: str, extractions: Iterable[Extraction]) -> Predictions:
    """Extractions, as an `Extractor` gives them, as the predictions of a system of that name."""
    found = (labelled(one.model_dump(mode="json")) for one in extractions)
    return Predictions(name, {one.id: one for one in found})


def labelled(record: dict[str, Any]) -> Labelled:
    """One article's labels or predictions from its record as JSON data.

    Raises:
        SourceError: It has not the form of a record.
    """
    try:
        return Labelled.model_validate(record)
    except ValidationError as error:
        raise SourceError(_first_fault(error)) from None


def aligned(gold: Gold, predictions: Predictions) -> Iterator[tuple[Labelled, Labelled]]:
    """Each gold article with what was predicted of it; nothing of an article that is not there.

    Raises:
        SourceError: A prediction was made of another text than gold's.
    """
    for key, one in gold.articles.items():
        predicted = predictions.articles.get(key)
        if predicted is None:
            predicted = Labelled(article=one.article, entities=(), quotes=(), claims=())
        elif _other_text(one, predicted):
            raise SourceError(
                f"{predictions.name}: the text of {key!r} is not that of the gold",
                hint="offsets only mean something in the very same text",
            )
        yield one, predicted


def missing(gold: Gold, predictions: Predictions) -> list[str]:
    """The ids of gold's articles of which nothing was predicted."""
    return [key for key in gold.articles if key not in predictions.articles]


def unknown(gold: Gold, predictions: Predictions) -> list[str]:
    """The ids of predicted articles that gold does not have."""
    return [key for key in predictions.articles if key not in gold.articles]


def _other_text(one: Labelled, predicted: Labelled) -> bool:
    if predicted.article.text is not None:
        return predicted.article.text != one.article.text
    digest = predicted.article.sha256
    return bool(digest) and digest != hashlib.sha256(one.text.encode()).hexdigest()


def read_text(path: str | Path) -> str:
    """A file's text, a byte order mark dropped. Raises SourceError."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    except UnicodeDecodeError:
        raise SourceError(f"{path} is not UTF-8 text") from None


def _lines(path: str | Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield number, line


def _parse(line: str, place: str) -> Labelled:
    try:
        return Labelled.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise SourceError(f"{place}: no JSON ({error.msg})") from None
    except RecursionError:
        raise SourceError(f"{place}: JSON nested too deep") from None
    except ValidationError as error:
        raise SourceError(f"{place}: {_first_fault(error)}") from None


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"


def forms(entity: LabelledEntity) -> tuple[str, set[str]]:
    """An entity's name, and all the forms that it is named by, as `folded_name` compares them."""
    found = {entity.name, *entity.aliases}
    found.update(span.text for span in entity.mentions if span.text)
    folded = {form: folded_name(form) for form in found}
    return folded[entity.name], set(folded.values())


def folded_name(name: str) -> str:
    """A name as it is compared: case, typography, white space, and a leading article apart."""
    if name.isascii():
        lower = name.lower()
    else:
        from extractor.grounding.fold import fold

        lower = fold(name).lower
    flat = " ".join(lower.split())
    return flat.strip(" .,'\"").removeprefix("the ") or flat
