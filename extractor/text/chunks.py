"""Chunks: stretches of whole sentences, each with the neighbouring sentences that help to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.text.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.text.document import Document

CHUNK_CHARS = 6000
"""Characters of content in a chunk, at most, where the sentences allow it: most news articles whole. Chosen by
`evals/prompts/`: chunks of 3,000 and 1,500 characters find no more, for 1.4 and 2.0 times the tokens."""

CONTEXT_SENTENCES = 3
"""Sentences shown before a chunk; one is shown after it. Not yet chosen by an evaluation."""

SHORTEST_PIECE = 400
"""Characters; a single sentence is not cut into smaller pieces than this when it has to be read in halves."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """A stretch of an article to be read in one go.

    `before` and `after` are context: sentences to resolve "he" by, from which nothing is to be reported.
    The chunks of an article touch: together their `[start, end)` are its whole text.
    """

    document: Document
    start: int
    """Offset of the first character of its content."""
    end: int
    """Offset behind the last character of its content."""
    before: tuple[Sentence, ...]
    sentences: tuple[Sentence, ...]
    """The content. Where one sentence is longer than a chunk may be, a part of it that ends between words."""
    after: tuple[Sentence, ...]
    context: int = CONTEXT_SENTENCES
    """Sentences of context that were asked for."""

    @property
    def window(self) -> tuple[int, int]:
        """Content and context together, as half-open offsets."""
        shown = (*self.before, *self.sentences, *self.after)
        if not shown:
            return self.start, self.end
        return min(self.start, shown[0].start), max(self.end, shown[-1].end)

    def part(self, first: int, behind: int) -> Chunk:
        """The chunk of its sentences with the half-open indices `[first, behind)`, its neighbours as context."""
        around = (*self.before, *self.sentences, *self.after)
        shift = len(self.before)
        return Chunk(
            self.document,
            self.start if first == 0 else self.sentences[first].start,
            self.end if behind == len(self.sentences) else self.sentences[behind].start,
            around[max(0, shift + first - self.context) : shift + first],
            self.sentences[first:behind],
            around[shift + behind : shift + behind + min(1, self.context)],
            self.context,
        )

    def stretch(self, first: int, last: int) -> Chunk:
        """The part of it from the sentence numbered `first` to that numbered `last`, both included.

        Numbers that it does not have stand for its beginning and its end.
        """
        numbers = [sentence.number for sentence in self.sentences]
        begin = numbers.index(first) if first in numbers else 0
        behind = len(numbers) - numbers[::-1].index(last) if last in numbers else len(numbers)
        return self.part(begin, behind) if begin < behind else self

    def halves(self) -> tuple[Chunk, Chunk] | None:
        """Two parts of about one length, cut between paragraphs if it can; None of a single short sentence."""
        if len(self.sentences) == 1:
            (only,) = self.sentences
            pieces = _pieces(self.document.text, only, max(SHORTEST_PIECE, (only.end - only.start) // 2 + 1))
            if len(pieces) == 1:
                return None
            whole = Chunk(
                self.document, self.start, self.end, self.before, tuple(pieces), self.after, context=self.context
            )
            return whole.part(0, 1), whole.part(1, len(pieces))
        if not self.sentences:
            return None
        middle, length = (self.start + self.end) / 2, self.end - self.start

        def badness(index: int) -> float:
            same_paragraph = self.sentences[index].paragraph == self.sentences[index - 1].paragraph
            return abs(self.sentences[index].start - middle) / length + (0.25 if same_paragraph else 0.0)

        cut = min(range(1, len(self.sentences)), key=badness)
        return self.part(0, cut), self.part(cut, len(self.sentences))


def split_chunks(
    document: Document, *, chars: int = CHUNK_CHARS, context: int = CONTEXT_SENTENCES
) -> tuple[Chunk, ...]:
    """The chunks of an article, in order; none for a text without sentences.

    A cut falls between paragraphs if it can, else between sentences, and outside quotations where that leaves the
    chunk at least half full. A single sentence of more than `chars` characters is cut between words.

    Args:
        document: The article.
        chars: Characters of content in a chunk, at most.
        context: Sentences of context before a chunk; one stands behind it unless this is 0.

    Raises:
        ValueError: `chars` is not positive or `context` is negative.
    """
    if chars < 1 or context < 0:
        raise ValueError("a chunk has at least one character, and no fewer than zero sentences of context")
    pieces = [piece for sentence in document.sentences for piece in _pieces(document.text, sentence, chars)]
    bounds = _bounds(document, pieces, chars)
    chunks = []
    for index, (first, behind) in enumerate(bounds):
        # White space between chunks belongs to the one before it, that at the very start to the first.
        start = 0 if index == 0 else pieces[first].start
        end = len(document.text) if behind == len(pieces) else pieces[behind].start
        before = pieces[max(0, first - context) : first]
        after = pieces[behind : behind + min(1, context)]
        chunks.append(Chunk(document, start, end, tuple(before), tuple(pieces[first:behind]), tuple(after), context))
    return tuple(chunks)


def _pieces(text: str, sentence: Sentence, chars: int) -> list[Sentence]:
    """The sentence, or parts of it of at most `chars` characters under the same number."""
    pieces = []
    start = sentence.start
    while sentence.end - start > chars:
        cut = max((text.rfind(space, start + 1, start + chars + 1) for space in " \n\t\u00a0\u3000"), default=-1)
        if cut <= start:
            cut = start + chars
        pieces.append(Sentence(sentence.number, start, cut, sentence.paragraph))
        start = cut
        while start < sentence.end and text[start].isspace():
            start += 1
    if start < sentence.end:
        pieces.append(Sentence(sentence.number, start, sentence.end, sentence.paragraph))
    return pieces


def _bounds(document: Document, pieces: Sequence[Sentence], chars: int) -> list[tuple[int, int]]:
    """Which pieces make a chunk, as half-open indices."""
    inside_quotation = _inside_quotation(document, pieces)
    bounds = []
    first = 0
    while first < len(pieces):
        behind = first + 1
        while behind < len(pieces) and pieces[behind].end - pieces[first].start <= chars:
            behind += 1
        if behind < len(pieces):
            behind = _best_cut(pieces, first, behind, inside_quotation, chars)
        bounds.append((first, behind))
        first = behind
    return bounds


def _inside_quotation(document: Document, pieces: Sequence[Sentence]) -> list[bool]:
    """For each piece, whether a quotation runs across its beginning."""
    stretches: list[list[int]] = []
    continued = False
    for marked in document.marked:
        if marked.nested:
            continue
        if continued:
            stretches[-1][1] = marked.close
        else:
            stretches.append([marked.open, marked.close])
        continued = marked.continued
    inside, at = [], 0
    for piece in pieces:
        while at < len(stretches) and stretches[at][1] <= piece.start:
            at += 1
        inside.append(at < len(stretches) and stretches[at][0] < piece.start)
    return inside


def _best_cut(pieces: Sequence[Sentence], first: int, behind: int, inside: list[bool], chars: int) -> int:
    """The latest good place to cut at or before `behind` that leaves the chunk at least half full."""
    fair = [
        index
        for index in range(behind, first, -1)
        if index == behind or pieces[index].start - pieces[first].start >= chars / 2
    ]

    def badness(index: int) -> tuple[bool, bool]:
        return inside[index], pieces[index].paragraph == pieces[index - 1].paragraph

    return min(fair, key=badness)
