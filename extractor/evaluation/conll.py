"""Entities as CoNLL-2003 columns: a token a line, its label last, a blank line between sentences (IOB2).

The four columns are those of the shared task (Tjong Kim Sang and De Meulder 2003): token, part of speech and chunk
(here `-X-` and `O`, as nothing is known of them) and the label. An article opens with `-DOCSTART-` and its id as a
comment. The format holds less than a record; `to_conll` says what it left out, and `from_conll` finds the offsets again
where it is given the text.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from extractor.errors import SourceError
from extractor.records.article import Article
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extractor.evaluation.gold import Labelled

TAGS = {
    "person": "PER",
    "organization": "ORG",
    "location": "LOC",
    "group": "GROUP",
    "event": "EVENT",
    "product": "PRODUCT",
    "work": "WORK",
}
"""The shared task has PER, ORG, LOC and MISC; our other types are MISC there (`misc=True`), and keep their names
else."""

SHARED_TASK = ("PER", "ORG", "LOC")
_TYPES = {tag: name for name, tag in TAGS.items()}
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ID = "# id = "


def to_conll(articles: Iterable[Labelled], *, misc: bool = False) -> tuple[str, list[str]]:
    """The entities of articles as columns, and what the columns do not hold, a line each.

    Args:
        articles: With entities; of an article without, the tokens are written and no label.
        misc: Whether types that the shared task does not have become MISC.
    """
    lines: list[str] = []
    linked = aliases = overlapping = other = kinds = 0
    for one in articles:
        lines += [f"-DOCSTART- -X- O O {_ID}{' '.join(one.id.split())}", ""]
        mentions = sorted(
            ((span.start, span.end, entity.type) for entity in one.entities or () for span in entity.mentions),
            key=lambda mention: (mention[0], -mention[1]),
        )
        linked += sum(len(entity.mentions) > 1 for entity in one.entities or ())
        aliases += sum(bool(entity.aliases) for entity in one.entities or ())
        kinds += (one.quotes is not None) + (one.claims is not None)
        kept: list[tuple[int, int, str]] = []
        for mention in mentions:
            if kept and mention[0] < kept[-1][1]:
                overlapping += 1
            else:
                kept.append(mention)
        other += sum(TAGS.get(type_, type_) not in SHARED_TASK for _, _, type_ in kept) if misc else 0
        lines += _columns(one, kept, misc=misc)
    said = {
        "articles' texts: white space and offsets are found again only beside the text": bool(lines),
        f"which mentions name one thing: {linked} entities have several": linked,
        f"names and aliases: {aliases} entities have other forms": aliases,
        f"mentions inside others: {overlapping} left out": overlapping,
        f"types beyond PER, ORG and LOC: {other} mentions are MISC": other,
        f"quotes and claims: {kinds} sets of them left out": kinds,
    }
    return "\n".join(lines) + "\n", [f"CoNLL columns do not hold {what}" for what, lost in said.items() if lost]


def from_conll(text: str, texts: Mapping[str, str] | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    """Columns as records, and what could not be told from them, a line each.

    Labels may be IOB1 or IOB2. Each mention becomes an entity of its own, since columns link nothing.

    Args:
        text: The columns. An article without an id is called by its number ("1").
        texts: The articles' texts by id. Without, an article's text is its tokens with a blank between them.

    Raises:
        SourceError: A line has fewer than two columns, a label is none, or tokens do not follow each other in the text.
    """
    records: list[dict[str, Any]] = []
    skipped = built = 0
    for name, sentences in _articles(text):
        given = (texts or {}).get(name)
        whole, places = _placed(name, sentences, given)
        built += given is None
        entities: list[dict[str, Any]] = []
        types: set[str] = set()
        for start, end, tag in _spans(sentences, places):
            if tag not in _TYPES:
                skipped += 1
                continue
            types.add(_TYPES[tag])
            span = {"start": start, "end": end, "text": whole[start:end]}
            entities.append(
                {
                    "id": f"e{len(entities) + 1}",
                    "type": _TYPES[tag],
                    "name": span["text"],
                    "aliases": [],
                    "mentions": [span],
                }
            )
        records.append({"article": Article(id=name, text=whole).model_dump(exclude_none=True), "entities": entities})
    notes = ["CoNLL columns link no mentions: each is an entity of its own"] if records else []
    if skipped:
        notes.append(f"{skipped} mentions of types that are not ours (MISC) were left out")
        for record in records:
            record["scored_types"] = ["person", "organization", "location"]
    if built:
        notes.append(f"the texts of {built} articles are their tokens with blanks between them")
    return records, notes


def _columns(one: Labelled, mentions: list[tuple[int, int, str]], *, misc: bool) -> list[str]:
    document = Document.of(Article(id=one.id, text=one.text))
    lines: list[str] = []
    cuts = sorted({edge for start, end, _ in mentions for edge in (start, end)})
    at = 0
    opened = -1
    sentence_ends = [sentence.end for sentence in document.sentences]
    for match in _TOKEN.finditer(one.text):
        # A mention that ends inside a word cuts it.
        edges = [match.start(), *(cut for cut in cuts if match.start() < cut < match.end()), match.end()]
        for start, end in itertools.pairwise(edges):
            while at < len(mentions) and mentions[at][1] <= start:
                at += 1
            inside = at < len(mentions) and mentions[at][0] <= start
            ended = False
            while sentence_ends and start >= sentence_ends[0]:
                sentence_ends.pop(0)
                ended = True
            # A mention that runs over the end of a sentence keeps it together.
            if ended and lines and not (inside and opened == at):
                lines.append("")
            label = "O"
            if inside:
                tag = TAGS.get(mentions[at][2], "MISC")
                tag = "MISC" if misc and tag not in SHARED_TASK else tag
                label = f"{'I' if opened == at else 'B'}-{tag}"
                opened = at
            lines.append(f"{one.text[start:end]} -X- O {label}")
    if lines:
        lines.append("")
    return lines


def _articles(text: str) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    articles: list[tuple[str, list[list[tuple[str, str]]]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if line.startswith("-DOCSTART-"):
            name = line.partition(_ID)[2].strip() if _ID in line else str(len(articles) + 1)
            articles.append((name, [[]]))
            continue
        if not articles:
            if not line.strip():
                continue
            articles.append(("1", [[]]))
        sentences = articles[-1][1]
        if not line.strip():
            if sentences[-1]:
                sentences.append([])
            continue
        columns = line.split(" ") if " " in line else line.split("\t")
        if len(columns) < 2 or not columns[0]:
            raise SourceError(f"line {number}: a token and its label are asked for")
        if columns[-1] != "O" and not re.fullmatch(r"[BI]-\S+", columns[-1]):
            raise SourceError(f"line {number}: {columns[-1]!r} is no label", hint="O, B-PER, I-PER …")
        sentences[-1].append((columns[0], columns[-1]))
    return articles


def _placed(
    name: str, sentences: list[list[tuple[str, str]]], text: str | None
) -> tuple[str, list[list[tuple[int, int]]]]:
    """The text, and where each token stands in it."""
    if text is None:
        text = "\n".join(" ".join(token for token, _ in sentence) for sentence in sentences if sentence)
    places: list[list[tuple[int, int]]] = []
    at = 0
    for sentence in sentences:
        row = []
        for token, _ in sentence:
            start = text.find(token, at)
            if start < 0 or text[at:start].strip():
                raise SourceError(f"{name}: the token {token!r} does not follow in the text at {at}")
            at = start + len(token)
            row.append((start, at))
        places.append(row)
    return text, places


def _spans(sentences: list[list[tuple[str, str]]], places: list[list[tuple[int, int]]]) -> list[tuple[int, int, str]]:
    spans: list[tuple[int, int, str]] = []
    for sentence, row in zip(sentences, places, strict=True):
        open_: tuple[int, int, str] | None = None
        for (_, label), (start, end) in zip(sentence, row, strict=True):
            begins, tag = label[:1], label[2:]
            if open_ is not None and begins == "I" and tag == open_[2]:
                open_ = (open_[0], end, tag)
                continue
            if open_ is not None:
                spans.append(open_)
            open_ = (start, end, tag) if begins in "BI" else None
        if open_ is not None:
            spans.append(open_)
    return spans
