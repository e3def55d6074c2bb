"""Capitals: an article's words, and what each capital says where it stands.

At a sentence's beginning, in a headline and in a line of capitals it says nothing by itself: there, how the rest of
the article writes the word decides.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.backends.rules.lexicon import PARTICLES, PREFIXES, is_special, sense
from extractor.text.characters import QUOTATION_MARKS
from extractor.text.place_names import country
from extractor.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.text.document import Document

_ABBREVIATED = (
    "Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Rev|St|Mt|Ft|Maj|Adm|Cmdr|Cpl|Hon|Jr|Sr|Inc|Ltd|Corp|Co|Bros"
)
_TOKEN = re.compile(
    r"(?P<acronym>(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![\w.]))?)"
    rf"|(?P<abbreviated>(?:{_ABBREVIATED})\.|[A-Z]\.(?=[ \u00a0]?[^\W\d_]))"
    r"|(?P<word>[^\W\d_](?:[^\W_]|[\u0300-\u036f]|(?<=n)[’'](?=t\b)|[’'](?=[^\W\d_]{2})|[-‐‑&.](?=[^\W_]))*)"
    r"|(?P<number>\d+(?:[.,:/-]\d+)*(?:[^\W\d_]+)?)"
    r"|(?P<possessive>[’'](?:[sS](?![^\W_])|(?=[ \u00a0])))"
    r"|(?P<mark>[^\w\s])"
)
_HYPHEN = re.compile(r"[-‐‑]")
_DESIGNATION = re.compile(r"[A-Z]{1,4}-?\d{1,4}[A-Za-z]?\Z")


@dataclass(slots=True)
class Token:
    """A word, a number or a mark, with what its place says of its capital."""

    text: str
    start: int
    end: int
    kind: str
    low: str
    initial: bool = False
    """Where a sentence begins: its capital says nothing."""
    heading: bool = False
    """In a line of title case."""
    shouted: bool = False
    """In a line of capitals."""

    @property
    def capital(self) -> bool:
        """Whether it is written as a name: Holm, iPhone, al-Amin."""
        text = self.text
        if text[0].isupper():
            return True
        return len(text) > 3 and (text[1].isupper() or (text[:3] in ("al-", "el-", "ul-") and text[3].isupper()))

    @property
    def acronym(self) -> bool:
        """Whether it is written in capitals throughout: NATO, U.S., MPs."""
        letters = self.text.replace(".", "").replace("&", "")
        return 2 <= len(letters) <= 7 and (
            letters.isupper() or (letters[:-1].isupper() and letters[-1] == "s" and len(letters) > 2)
        )


class Capitals:
    """The words of an article, and how often it writes each of them large where only a name is."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.tokens: list[Token] = []
        """In order; behind each sentence stands a `break`."""
        self.small: Counter[str] = Counter()
        """How often each word stands in lower case."""
        self.large: Counter[str] = Counter()
        """How often each stands capitalised where only a name has a capital."""
        self.pairs: set[tuple[str, str]] = set()
        """Neighbours that both stand so."""
        self._tokenise()
        self._count()

    def _tokenise(self) -> None:
        layout = [_layout(self.text[start:end]) for start, end in self.document.paragraphs]
        if all(heading or shouted for heading, shouted in layout):
            layout = [(False, shouted) for _, shouted in layout]
        for sentence in self.document.sentences:
            heading, shouted = layout[sentence.paragraph]
            first = len(self.tokens)
            for match in _TOKEN.finditer(self.text, sentence.start, sentence.end):
                self._add(match, heading=heading, shouted=shouted)
            self._mark_initial(first)
            self._mark_shouted(first)
            # A mark that no name spans, so no run goes on from one sentence into the next.
            self.tokens.append(Token("\n", sentence.end, sentence.end, "break", "\n"))

    def _add(self, match: re.Match[str], *, heading: bool, shouted: bool) -> None:
        kind = match.lastgroup or "mark"
        start, end = match.span()
        if kind in ("acronym", "abbreviated"):
            kind = "word"
        parts = [(start, end)]
        if kind == "word" and _HYPHEN.search(match.group()):
            parts = list(_hyphen_parts(self.text, start, end))
        for begin, stop in parts:
            text = self.text[begin:stop]
            part_kind = "joint" if len(parts) > 1 and text in "-‐‑" else kind
            self.tokens.append(Token(text, begin, stop, part_kind, _low(text), heading=heading, shouted=shouted))

    def _mark_initial(self, first: int) -> None:
        begins = True
        for index in range(first, len(self.tokens)):
            token = self.tokens[index]
            if token.kind == "word" or token.kind == "number":
                token.initial = begins
                begins = False
            elif token.text in (":", "•", "*", "…"):
                begins = True
            elif token.text in QUOTATION_MARKS and not begins:
                # Words between marks behind a comma or a colon begin a sentence of their own.
                before = self.tokens[index - 1]
                begins = before.text in (",", ":", "-", "—", "–") and self.text[token.start - 1 : token.start].isspace()

    def _mark_shouted(self, first: int) -> None:
        """Three and more words in capitals on end are emphasis or a cross-heading, no acronyms."""
        begin = first
        for index in range(first, len(self.tokens) + 1):
            token = self.tokens[index] if index < len(self.tokens) else None
            if token is not None and (token.kind != "word" or token.text.isupper()):
                continue
            words = [one for one in self.tokens[begin:index] if one.kind == "word" and len(one.text) > 1]
            if len(words) >= 3 and sum(len(one.text) > 5 for one in words) >= 2:
                for one in words:
                    one.shouted = True
            begin = index + 1

    def _count(self) -> None:
        previous: Token | None = None
        for token in self.tokens:
            if token.kind == "word":
                if not token.capital:
                    self.small[token.low] += 1
                elif not (token.initial or token.heading or token.shouted):
                    self.large[token.low] += 1
                    if previous is not None and previous.capital and not previous.initial:
                        self.pairs.add((previous.low, token.low))
                previous = token
            elif token.kind != "joint":
                previous = None

    def next_low(self, index: int) -> str:
        """The token behind one, in lower case; nothing behind the last."""
        return self.tokens[index + 1].low if index + 1 < len(self.tokens) else ""

    def adjacent(self, left: int, right: int) -> bool:
        """Whether nothing but a space or a hyphen stands between two tokens."""
        gap = self.text[self.tokens[left].end : self.tokens[right].start]
        return len(gap) <= 1 or (gap.isspace() and len(gap) <= 3) or gap in ("-", "‐", "‑")


def _low(text: str) -> str:
    return text.casefold().replace("’", "'").strip(".")


def _hyphen_parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a hyphened word: one where it is a name or a word as a whole, else the name apart from the rest."""
    word = text[start:end]
    pieces = _HYPHEN.split(word)
    large = [piece[:1].isupper() for piece in pieces]
    whole = word.casefold()
    first_small = pieces[0].casefold() in ("al", "el", "bin", "ul")
    known = (
        is_special(whole)
        or country(word) is not None
        or whole in sense("title")
        or _DESIGNATION.match(word) is not None
    )
    nations = [is_special(piece.casefold()) for piece in pieces]
    if known or not any(large):
        yield start, end
        return
    if all(large) and not (len(pieces) == 2 and all(nations)):
        yield start, end
        return
    small_between = all(
        big or piece.casefold() in PARTICLES | {"sur", "upon", "on", "en", "the", "in", "aux", "les", "of"}
        for big, piece in zip(large, pieces, strict=True)
    )
    if (large[0] and large[-1] and small_between and not all(nations)) or (first_small and all(large[1:])):
        yield start, end
        return
    if not large[0] and pieces[0].casefold() in PREFIXES and not text[end + 1 : end + 2].isupper():
        # What is "pro-Beijing" names nobody; "post-World War II" has a name in it.
        yield start, end
        return
    at = start
    for index, piece in enumerate(pieces):
        if index:
            yield at, at + 1
            at += 1
        if piece:
            yield at, at + len(piece)
        at += len(piece)


def _layout(paragraph: str) -> tuple[bool, bool]:
    """Whether a paragraph is a line in title case, and whether one in capitals."""
    if len(paragraph) > 200:
        return False, False
    if re.match(r"(?:By|Reporting by|Words by|Story by)\s+[^\W\d_a-z]", paragraph.strip("( ")):
        return False, False
    words = re.findall(r"[^\W\d_]{2,}", paragraph)
    if len(words) < 2:
        return False, False
    upper = sum(word.isupper() for word in words)
    shouted = len(words) >= 3 and upper >= 0.7 * len(words)
    stopped = paragraph.rstrip("\"”’' ").endswith((".", "!", "?", ",", ";", ":"))
    main = [word for word in words if word.lower() not in FUNCTION_WORDS]
    titled = (
        len(main) >= (5 if stopped else 3)
        and not shouted
        and sum(word[0].isupper() for word in main) >= 0.85 * len(main)
    )
    return titled, shouted
