"""What stands between quotation marks.

Marks are paired within a paragraph. Straight marks open or close by what stands beside them; curly ones and
guillemets by their shape, as far as the paragraph agrees (German „…“ and »…«, Swedish ”…”, French « … »).
Apostrophes, feet and inches are told apart from marks. What does not balance is kept, and says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from extractor.text.characters import QUOTATION_MARKS

if TYPE_CHECKING:
    from collections.abc import Sequence

# '' and `` too. A pattern that begins with a set of characters is searched for fast.
_MARK = re.compile("[" + re.escape(QUOTATION_MARKS) + r"](?:(?<=')'|(?<=`)`)?")
_SINGLES = frozenset("'‘’‚‛`´＇")
_OPENERS = frozenset("“„‟‘‚‛「『〝") | {"``"}
_CLOSERS = frozenset("”」』〞〟") | {"''"}
_GUILLEMETS = frozenset("«»‹›")
_OPENS_AFTER = frozenset("([{<—–-/=:;,…¿¡•*>|")
_FAMILIES = {
    mark: family for family, marks in enumerate(('"“”„‟〝〞〟＂', "«»", "‹›", "「」", "『』")) for mark in marks
} | {
    "``": 0,
    "''": 0,
}
# Words that begin with an apostrophe of their own.
_ELISION = re.compile(
    r"(?:\d\ds?|em|tis|twas|til|till|cause|bout|n|round|neath|cos|coz|er|im)(?![^\W_])", re.IGNORECASE
)
_MARKS_AHEAD = 60
"""How many marks further on the closer of a single mark is looked for."""

_SENTENCE_END = re.compile(r"[.!?…][)\]]*\s+")


@dataclass(frozen=True)
class Marked:
    """A stretch between quotation marks: `text[start:end]` are its words, `text[open:close]` its marks too."""

    open: int
    """Offset of the opening mark; `start` where there is none."""
    start: int
    end: int
    close: int
    """Offset behind the closing mark; `end` where there is none."""
    single: bool = False
    """Between single marks."""
    nested: bool = False
    """Inside another marked stretch."""
    continued: bool = False
    """Not closed because the next paragraph goes on with it, opening with a mark of its own."""
    misplaced: int | None = None
    """Offset behind a closing mark that stands far behind the words it closes; `close` is then `end`."""

    @property
    def opened(self) -> bool:
        """Whether there is an opening mark."""
        return self.open < self.start

    @property
    def closed(self) -> bool:
        """Whether there is a closing mark."""
        return self.close > self.end


def find_marked(text: str, paragraphs: Sequence[tuple[int, int]]) -> tuple[Marked, ...]:
    """The marked stretches of a text, in the order in which they open; inner ones follow their outer one."""
    found: list[list[Marked]] = [_Paragraph(text, start, end).marked() for start, end in paragraphs]
    opens_with_mark = [_opens_with_mark(text, start, end) for start, end in paragraphs]
    for index in range(len(found) - 1):
        if opens_with_mark[index + 1]:
            found[index] = [
                replace(marked, continued=True) if marked.opened and not marked.closed and not marked.nested else marked
                for marked in found[index]
            ]
    return tuple(sorted((m for group in found for m in group), key=lambda m: (m.open, -m.close)))


def _opens_with_mark(text: str, start: int, end: int) -> bool:
    first = _MARK.match(text, start, end)
    return first is not None and first.group() not in _CLOSERS


class _Paragraph:
    """Pairs the marks of one paragraph, left to right, with a stack of those that are open."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
        self.marks = list(_MARK.finditer(text, start, end))
        self.open: list[tuple[str, int, int]] = []  # the mark, its offset, the offset behind it
        self.found: list[Marked] = []
        self.behind = start  # behind the last closing mark
        self.read_to, self.sentence_start = start, start

    def marked(self) -> list[Marked]:
        if not self.marks:
            return []
        for index, match in enumerate(self.marks):
            mark = match.group()
            if mark in _SINGLES:
                self._single(index, match)
            else:
                self._double(match)
        while self.open:
            self._leave_open(self.end)
        return self._nesting()

    def _beside(self, match: re.Match[str]) -> tuple[str, str]:
        before = self.text[match.start() - 1] if match.start() > self.start else ""
        after = self.text[match.end()] if match.end() < self.end else ""
        return before, after

    def _double(self, match: re.Match[str]) -> None:
        mark = match.group()
        before, after = self._beside(match)
        same = next(
            (index for index in range(len(self.open) - 1, -1, -1) if self._pairs(self.open[index][0], mark)),
            None,
        )
        free_before = not before or before.isspace() or before in _OPENS_AFTER or before in QUOTATION_MARKS
        word_after = bool(after) and not after.isspace()
        if mark in _GUILLEMETS:
            # «…», »…« and »…»: whichever stands first opens, unless it plainly hangs on the word before it.
            hangs = not free_before and not (after and after.isalnum())
            opens = not hangs if same is None else self.open[same][0] == mark and free_before and word_after
        elif mark in _OPENERS:
            # A German closer, or an opener typed where a closer belongs.
            closes_german = same is not None and self.open[same][0] == "„"
            opens = not closes_german and not (same is not None and not free_before and not after.isalnum())
        elif mark in _CLOSERS:
            # A Swedish opener has the closer's shape.
            opens = same is None and free_before and word_after and (after.isalnum() or after in "[(…")
        else:
            if mark == '"' and same is None and before.isdigit() and not (after.isalnum() or after in "“["):
                return  # inches
            opens = self._straight_opens(before, after, is_open=same is not None)
        if opens:
            if same is not None and not any(mark in _SINGLES for mark, _, _ in self.open[same:]):
                while len(self.open) > same:
                    self._leave_open(match.start())
            self.open.append((mark, match.start(), match.end()))
        elif same is not None:
            self._close(same, match)
        else:
            self._close_unopened(match)

    @staticmethod
    def _pairs(opener: str, closer: str) -> bool:
        return opener not in _SINGLES and _FAMILIES.get(opener) == _FAMILIES.get(closer)

    @staticmethod
    def _straight_opens(before: str, after: str, *, is_open: bool) -> bool:
        can_open = (not before or before.isspace() or before in _OPENS_AFTER) and bool(after) and not after.isspace()
        can_close = bool(before) and not before.isspace()
        if can_open == can_close:
            return not is_open
        # Beside a space on its outer side only, a mark has one reading, whatever is open.
        return can_open

    def _single(self, index: int, match: re.Match[str]) -> None:
        mark = match.group()
        before, after = self._beside(match)
        same = next((i for i in range(len(self.open) - 1, -1, -1) if self.open[i][0] in _SINGLES), None)
        if before.isalnum() and after.isalnum():
            return  # don't
        if before.isdigit() and same is None:
            return  # feet
        free_before = not before or before.isspace() or before in _OPENS_AFTER or before in '"“„«»‹›'
        if mark in "‘‚‛'`＇" and free_before and after and (after.isalnum() or after in '[(…"“„$£€¡¿'):
            if _ELISION.match(self.text, match.end(), self.end):
                return  # '90s, 'em
            if same is None and self._closes_later(index):
                self.open.append((mark, match.start(), match.end()))
            return
        if same is None or mark in "‘‚‛":
            return  # the dogs'
        if not before or before.isspace():
            return
        if before.isalnum() and before in "sSxXzZ" and after.isspace() and self._closes_before_next_opens(index):
            return  # 'The teachers' union is angry'
        self._close(same, match)

    def _is_single_closer(self, match: re.Match[str]) -> bool:
        before, after = self._beside(match)
        return (
            match.group() in "'’´＇`"
            and bool(before)
            and not before.isspace()
            and not (after and after.isalnum())
            and before not in "([{"
        )

    def _is_single_opener(self, match: re.Match[str]) -> bool:
        before, after = self._beside(match)
        return match.group() in "‘‚‛'`＇" and (not before or before.isspace()) and bool(after) and not after.isspace()

    def _closes_later(self, index: int) -> bool:
        """Whether a mark that may close this single one stands further on in the paragraph."""
        opened = self.marks[index].end()
        for match in self.marks[index + 1 : index + 1 + _MARKS_AHEAD]:
            if match.group() in _SINGLES and self._is_single_closer(match) and match.start() > opened:
                return True
        return False

    def _closes_before_next_opens(self, index: int) -> bool:
        for match in self.marks[index + 1 : index + 1 + _MARKS_AHEAD]:
            if match.group() not in _SINGLES:
                continue
            if self._is_single_opener(match):
                return False
            if self._is_single_closer(match):
                return True
        return False

    def _close(self, same: int, match: re.Match[str]) -> None:
        while len(self.open) > same + 1:
            self._leave_open(match.start())
        self.behind = max(self.behind, match.end())
        _, opened, start = self.open.pop()
        single = self.text[opened] in _SINGLES and start - opened == 1
        if start < match.start():
            self.found.append(Marked(opened, start, match.start(), match.end(), single=single))

    def _leave_open(self, end: int) -> None:
        """The last opener finds no closer before `end`: its words run on to there. A lone single mark is no mark."""
        mark, opened, start = self.open.pop()
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if mark not in _SINGLES and start < end:
            self.found.append(Marked(opened, start, end, end))

    def _close_unopened(self, match: re.Match[str]) -> None:
        """A closer with nothing open: its words begin with their sentence, behind whatever was closed before."""
        before, _ = self._beside(match)
        if not before or before.isspace():
            return
        # Where sentences end is read once, from one unopened closer to the next.
        for end in _SENTENCE_END.finditer(self.text, self.read_to, max(self.read_to, match.start() - 1)):
            self.sentence_start = end.end()
        self.read_to = max(self.read_to, match.start() - 1)
        start = max(self.behind, self.sentence_start)
        self.behind = match.end()
        while start < match.start() and not self.text[start].isalnum():
            start += 1
        if start < match.start():
            self.found.append(Marked(start, start, match.start(), match.end()))

    def _nesting(self) -> list[Marked]:
        ordered = sorted(self.found, key=lambda marked: (marked.open, -marked.close))
        result: list[Marked] = []
        outermost = self.start
        for marked in ordered:
            result.append(replace(marked, nested=True) if marked.open < outermost else marked)
            outermost = max(outermost, marked.close)
        return result
