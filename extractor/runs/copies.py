"""Near-identical articles of a journal (wire copy in several outlets), and the quotes that they share.

Texts are compared by the MinHash of their runs of words, as datasketch makes it (extra `copies`). A kilobyte an article
is held in memory; the articles' own records stay as they are.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from extractor.errors import MissingExtraError
from extractor.grounding.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.runs.index import Index
    from extractor.runs.journal import Journal

RUN_OF_WORDS = 5
"""Words in a shingle: single words are shared by all articles on one event, runs of five by copies of one text."""

HASHES = 128
"""Of a MinHash. The estimate of a likeness is off by 1 / sqrt(128), some .09, at most times."""

_WORDS = re.compile(r"\w+")


@dataclass
class Group:
    """Articles that are copies of one text, or nearly."""

    articles: list[dict[str, Any]] = field(default_factory=list)
    """`id`, `source`, `url`, `title`, `published`, and `likeness` to the first one: the estimated Jaccard index."""
    quotes: list[dict[str, Any]] = field(default_factory=list)
    """`text`, `kind`, `speaker`, and `sources`: for each article that has it, its id, the quote's, `start`, `end`."""

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps({"articles": self.articles, "quotes": self.quotes}, ensure_ascii=False)


def near_copies(journal: Journal, index: Index, threshold: float) -> Iterator[Group]:
    """Groups of two articles and more, in the order of their first articles.

    An article belongs to a group if it is alike to one article of it.

    Args:
        journal: The records; it has been read into the index.
        index: Which of them count.
        threshold: The least Jaccard index of two texts' runs of five words, above 0 and at most 1.

    Raises:
        MissingExtraError: datasketch is not installed.
        OutputError: The journal cannot be read.
    """
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError as error:
        raise MissingExtraError("datasketch", "copies", "finding near-identical articles") from error
    hashes: dict[int, Any] = {}
    alike = MinHashLSH(threshold=threshold, num_perm=HASHES)
    parent: dict[int, int] = {}

    def root(offset: int) -> int:
        while parent.get(offset, offset) != offset:
            parent[offset] = parent.get(parent[offset], parent[offset])
            offset = parent[offset]
        return offset

    for written in index.in_order():
        text = json.loads(journal.line_at(written.offset))["article"]["text"]
        shingles = _shingles(text)
        if not shingles:
            continue
        made = MinHash(num_perm=HASHES, seed=1)
        made.update_batch(shingles)
        for other in alike.query(made):
            if made.jaccard(hashes[other]) >= threshold:
                first, second = sorted((root(other), root(written.offset)))
                parent[second] = parent[first] = first
        alike.insert(written.offset, made)
        hashes[written.offset] = made
    groups: dict[int, list[int]] = defaultdict(list)
    for offset in sorted(parent):
        groups[root(offset)].append(offset)
    for first, offsets in sorted(groups.items()):
        yield _group(journal, {offset: float(hashes[first].jaccard(hashes[offset])) for offset in offsets})


def _shingles(text: str) -> list[bytes]:
    words = _WORDS.findall(fold(text).lower)
    runs = range(max(1, len(words) - RUN_OF_WORDS + 1)) if words else ()
    return list({" ".join(words[at : at + RUN_OF_WORDS]).encode() for at in runs})


def _group(journal: Journal, offsets: dict[int, float]) -> Group:
    group, quotes = Group(), {}
    for offset, likeness in offsets.items():
        record = json.loads(journal.line_at(offset))
        article = record["article"]
        about = {name: article[name] for name in ("id", "source", "url", "title", "published")}
        group.articles.append({**about, "likeness": round(likeness, 3)})
        for quote in record.get("quotes", ()):
            name = quote["speaker"]["name"] if quote["speaker"] else None
            key = (" ".join(_WORDS.findall(fold(quote["text"]).lower)), fold(name or "").lower)
            if key not in quotes:
                quotes[key] = {"text": quote["text"], "kind": quote["kind"], "speaker": name, "sources": []}
                group.quotes.append(quotes[key])
            bounds = {"start": quote["spans"][0]["start"], "end": quote["spans"][-1]["end"]}
            quotes[key]["sources"].append({"article": article["id"], "quote": quote["id"], **bounds})
    return group
