"""A text as it reads, whatever its typography: one form of each mark, dash and space, no case, offsets kept."""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass
from functools import lru_cache

from extractor.text.characters import DOUBLE_MARKS, INVISIBLE, SINGLE_MARKS

_DASHES = re.escape("-‐‑‒–—―−﹘﹣－")
_COMBINING = (
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
_PIECE = re.compile(
    # Most of a text: words, single spaces and what stands before these, all of which stay as they are.
    rf"(?P<run>[A-Za-z0-9]+(?:(?:[.,;:!?)\"%]? |')[A-Za-z0-9]+)*(?!{_COMBINING}))"
    rf"|(?P<sign>\s[{_DASHES}](?=[\d.]))"
    rf"|(?P<dash>[\s{INVISIBLE}]*[{_DASHES}][\s{INVISIBLE}{_DASHES}]*)"
    r"|(?P<ellipsis>…|\.(?:[ \u00a0]?\.){2,})"
    r"|(?P<pair>''|``|‘‘|’’)"
    rf"|(?P<blank>[{INVISIBLE}]*\s[\s{INVISIBLE}]*)"
    rf"|(?P<unseen>[{INVISIBLE}]+)"
    r"|(?P<stop>(?<=[^\W\d_])[.,;:!?](?=[^\W\d_“„«]))"
    rf"|(?P<plain>[ -~](?!{_COMBINING}))"
    rf"|(?P<cluster>.{_COMBINING}*)",
    re.DOTALL,
)
_MARKS = dict.fromkeys(DOUBLE_MARKS, '"') | dict.fromkeys(SINGLE_MARKS, "'") | {"ʼ": "'"}


@dataclass(frozen=True, eq=False)
class Folded:
    """A folded text. `starts[i]` and `ends[i]` are where, in the text as given, its character i comes from."""

    cased: str
    lower: str
    """The same without case; character i of both comes from one place."""
    starts: array[int]
    ends: array[int]

    def original(self, start: int, end: int) -> tuple[int, int] | None:
        """The stretch as given of a folded `[start, end)`; None where an end falls inside one character as given."""
        if start > 0 and self.starts[start] == self.starts[start - 1] and not self._added(start - 1):
            return None
        if end < len(self.ends) and self.ends[end - 1] == self.ends[end] and not self._added(end):
            return None
        return self.starts[start], self.ends[end - 1]

    def _added(self, index: int) -> bool:
        """Whether a character stands for none of the text's own (a space that is missing behind a stop)."""
        return self.starts[index] == self.ends[index]


def fold(text: str) -> Folded:
    """Fold quotation marks, dashes, white space, ellipses, invisible characters, Unicode forms and case."""
    cased: list[str] = []
    lower: list[str] = []
    starts, ends = array("L"), array("L")

    def emit(shown: str, bare: str, start: int, end: int) -> None:
        cased.append(shown)
        lower.append(bare)
        starts.extend([start] * len(bare))
        ends.extend([end] * len(bare))

    for match in _PIECE.finditer(text):
        piece, sort = match.group(), match.lastgroup
        start, end = match.span()
        if sort == "run":
            cased.append(piece)
            lower.append(piece.lower())
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        elif sort == "stop":
            emit(piece, piece, start, end)
            emit(" ", " ", end, end)
        elif sort == "plain":
            shown = _MARKS.get(piece, piece)
            emit(shown, shown.lower(), start, end)
        elif sort == "blank":
            emit(" ", " ", start, end)
        elif sort == "sign":
            emit(" ", " ", start, end - 1)
            emit("-", "-", end - 1, end)
        elif sort == "dash":
            # A dash between words parts them, a hyphen joins them; both are found by either.
            apart = len(piece) > 1 or piece in "—―"
            emit("—" if apart else "-", "-", start, end)
        elif sort == "ellipsis":
            emit("...", "...", start, end)
        elif sort == "pair":
            emit('"', '"', start, end)
        elif sort == "cluster":
            emit(*_fold_cluster(piece), start, end)
    return Folded("".join(cased), "".join(lower), starts, ends)


@lru_cache(maxsize=4096)
def _fold_cluster(cluster: str) -> tuple[str, str]:
    """A character with its combining marks: composed, ligatures and widths undone, with and without case."""
    composed = unicodedata.normalize("NFC", cluster)
    compatible = unicodedata.normalize("NFKC", cluster)
    # "10²" is not "102" and "1½" is not "11⁄2": digits are only undone where a width is all that differs.
    kind = unicodedata.decomposition(composed[0]).partition(" ")[0]
    if compatible != composed and (
        kind in ("<wide>", "<narrow>")
        or (kind in ("<compat>", "<font>", "<noBreak>", "") and not any(c.isnumeric() for c in compatible))
    ):
        composed = compatible
    composed = "".join(_MARKS.get(character, character) for character in composed)
    bare = composed.casefold()
    return (composed, bare) if len(composed) == len(bare) else (bare, bare)
