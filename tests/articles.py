"""Generated articles for property tests: news-like pieces, and everything that upsets offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from extractor.records.article import Article
from extractor.text.document import Document

if TYPE_CHECKING:
    from extractor.records.extraction import Extraction

PIECES = [
    "“We need more time,” said Ada Holm, the mayor of Lyon.",
    '"It is late", she added. "Very late."',
    "‘The teachers’ union is angry,’ he said.",
    "„Wir gehen“, sagte er.",
    "« C’est fini », dit-elle.",
    "»Ja«, sagte Jan Berg.",
    "The U.S.in public remarks fell 1.56 percent to €2.3bn.",
    "Mr. J. K. Berg of the U.N. said on Tuesday that 49 people had died 😀.",
    "Ada Holm\u0301 met Ada Holm and Holm in São Paulo\u00ad.",
    "According to the Institute for Long Names (ILN), prices rose 4 per cent.",
    '"First paragraph of it, never closed',
    "Ending without opening,” he said.",
    "Norway spends 49 billion kroner on defence, amounting to 1.56 percent of its GDP.",
    "彼は「行く」と言った。",
    "مرحبا \u202eevil\u202c text",
    "• One thing • Another",
    "e\u0301e\u0301e\u0301 ﬁne ﬂow ５０ x² ½",
    "<script>alert(1)</script> {{ x }} [12] not a sentence",
    "He said. He said. He said.",
    "The minister called it a “disaster” for the U.K.Then she left.",
    "\ud83d",
    "a",
    "'",
    '"',
    "”",
]
JOINTS = [" ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\u00a0", "", "\t", "\u2028", "\u200b"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text of up to a dozen pieces, news or noise."""
    piece = st.one_of(st.sampled_from(PIECES), st.sampled_from(PIECES), st.text(max_size=20))
    parts = draw(st.lists(st.tuples(piece, st.sampled_from(JOINTS)), max_size=12))
    return "".join(text + joint for text, joint in parts)


def document(text: str) -> Document:
    """A text, laid out."""
    return Document.of(Article(id="test", text=text))


def assert_verbatim(extraction: Extraction) -> None:
    """Every span of every record is the article's own text at its offsets."""
    text = extraction.article.text
    for span in extraction.all_spans():
        assert text[span.start : span.end] == span.text
        assert span.start < span.end
    for start, end in extraction.coverage.read:
        assert 0 <= start < end <= len(text)
