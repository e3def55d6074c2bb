"""An article with its layout: paragraphs, sentences and what stands between quotation marks.

Worked out once for each article and shared by chunking, prompting, the rules, grounding and linking.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from extractor.text.intervals import Intervals
from extractor.text.marks import Marked, find_marked
from extractor.text.misplaced_marks import mend_marks
from extractor.text.sentences import Sentence, find_paragraphs, split_sentences
from extractor.text.words import Word, find_words

if TYPE_CHECKING:
    from extractor.records.article import Article


@dataclass(frozen=True, eq=False)
class Document:
    """An article and its layout. Sentences are numbered from 1, in order."""

    article: Article
    paragraphs: tuple[tuple[int, int], ...]
    sentences: tuple[Sentence, ...]
    marked: tuple[Marked, ...]

    @classmethod
    def of(cls, article: Article) -> Document:
        """Lay out an article."""
        paragraphs = find_paragraphs(article.text)
        marked = find_marked(article.text, paragraphs)
        sentences = split_sentences(article.text, paragraphs)
        return cls(article, paragraphs, sentences, mend_marks(article.text, marked, sentences, paragraphs))

    @property
    def text(self) -> str:
        """The article's text."""
        return self.article.text

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    def sentence_at(self, offset: int) -> Sentence:
        """The sentence that an offset lies in, or the one before it where it lies between two.

        An offset before the first sentence counts to the first. Raises IndexError in a text without sentences.
        """
        return self.sentences[max(0, bisect_right(self._sentence_starts, offset) - 1)]

    def sentence(self, number: int) -> Sentence | None:
        """The sentence of that number, or None."""
        return self.sentences[number - 1] if 1 <= number <= len(self.sentences) else None

    @cached_property
    def words(self) -> list[Word]:
        """The words of the text, in order."""
        return find_words(self.text)

    @cached_property
    def _word_starts(self) -> list[int]:
        return [word.start for word in self.words]

    def words_in(self, start: int, end: int) -> list[Word]:
        """The words of `[start, end)`, as `find_words` gives them."""
        first, behind = bisect_left(self._word_starts, start), bisect_left(self._word_starts, end)
        words = self.words[max(0, first - 1) : behind]
        if any(word.start < edge < word.end for word in (words[:1] + words[-1:]) for edge in (start, end)):
            # A word is cut ("end.Then", where a sentence ends): what is left of it may be other words.
            return find_words(self.text, start, end)
        return self.words[first:behind]

    @cached_property
    def _marked_intervals(self) -> Intervals[Marked]:
        return Intervals((marked.open, marked.close, marked) for marked in self.marked)

    def marked_in(self, start: int, end: int) -> list[Marked]:
        """The marked stretches that share a character, their marks counted, with `[start, end)`."""
        return list(self._marked_intervals.touching(start, end))

    @cached_property
    def _paragraph_starts(self) -> list[int]:
        return [start for start, _ in self.paragraphs]

    def paragraph_at(self, offset: int) -> tuple[int, int]:
        """The paragraph that an offset lies in, or the one before it."""
        return self.paragraphs[max(0, bisect_right(self._paragraph_starts, offset) - 1)]
