"""Quotes: content, cue and speaker, read off quotation marks and reporting verbs.

Each sentence is read with what stands between marks as one token. Its cues and their subjects make frames; each
frame takes the content before it (`"…," said Ada Holm`; `The bridge is safe, she said`) or behind it (`Holm said
that …`). What is partly between marks is mixed; marked utterances that no frame takes go on from the one before, or
stand alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.backends.rules.cues import Cue, cues
from extractor.backends.rules.layout import Outer, Token, outer_sentences
from extractor.backends.rules.sources import DETERMINERS, PRONOUNS, after_cue, before_cue, takes_base_form
from extractor.backends.rules.turns import find_turns
from extractor.backends.rules.verbs import finite_verbs
from extractor.kinds.kind import Drafted
from extractor.kinds.quote import QuoteDraft
from extractor.text.characters import QUOTATION_MARKS
from extractor.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.records.span import Span
    from extractor.text.document import Document
    from extractor.text.marks import Marked

Stretch = tuple[int, int]

LONGEST_REPORT = 150
"""Tokens of a report without marks, at most: no sentence of news is so long, and the work stays linear."""

_SUBORDINATING = frozenset(
    "after before when while as since until once following despite during speaking asked according".split()
)
_NO_PARTICIPLES = frozenset("including during according something anything nothing everything being having".split())
_DECLINING = frozenset("did didn't declined would wouldn't has hasn't refused has had was".split())
_OPENING_CLAUSE = frozenset("when while as after although though because since before".split())
_GOING_ON = frozenset(
    "because as if when where that to which who whom whose so is was are were has had have will would can could may "
    "might should must and but unless until since".split()
)
"""Words with which a report goes on behind the attribution that interrupts it."""
_BELONGS = re.compile(r"\s(?:of|from|at|with)\s(?:the\s)?[A-Z]")
LONGEST_SUBJECT = 40
"""Tokens in which a clause has to show its subject and its verb."""

UTTERANCE_WORDS = 4
"""A marked stretch of at least so many words that is a sentence of its own is an utterance, even without a source."""

_ADVERBIAL = frozenset(
    """
    on in at to during after before by via through from this last earlier late later yesterday today tonight
    when while as of about with for over monday tuesday wednesday thursday friday saturday sunday again
    recently too following amid since because until where although though if once there here and or but
    instead not out up
    """.split()
)
_SUBJECTS = frozenset("he she they we it there i".split())
_NOT_IN_SUBJECT = frozenset("who which that and as if when while to".split())
_LINKS = frozenset("of to by into against between".split())
_TIMES = frozenset("monday tuesday wednesday thursday friday saturday sunday yesterday today tonight".split())
_OPENINGS = frozenset(
    """
    in on at after before during for earlier later meanwhile however asked speaking when while as by with
    despite following since until once last this also still then but and yet instead according from to
    """.split()
)
_TAIL = re.compile(
    r",?(?:\s+|(?<=\.))(?:in|during|at)\s+(?:(?:an?|the|his|her|its|their|public|prepared)\s+)?(?:\w+\s+){0,2}"
    r"(?:remarks|statement|interview|speech|e-?mail|letter|tweet|post|news conference|press conference|briefing"
    r"|filing)\b[^,;]{0,40}\Z"
)
_STOPS = frozenset(".;!?,") | frozenset(QUOTATION_MARKS)


@dataclass
class Found:
    """A quote under construction; offsets are the article's."""

    spans: list[Stretch]
    cue: Stretch | None
    speaker: Stretch | None
    paragraph: int
    outer: int
    """Index of the outer sentence in which its last span stands."""
    marked: bool
    """Its last span is a marked stretch, which the next one may go on from."""
    continued: bool = False
    """Its last marked stretch is left open for the next paragraph."""


@dataclass(frozen=True)
class Frame:
    """A cue with its subject, as half-open token indices."""

    cue: Stretch
    uses: frozenset[str]
    source: Stretch | None
    inverted: bool = False
    shared: bool = False
    """Its subject is that of a verb before it ("…, adding that …", "… and said …")."""

    @property
    def start(self) -> int:
        """Where the frame begins."""
        return min(self.cue[0], self.source[0]) if self.source and not self.shared else self.cue[0]

    @property
    def end(self) -> int:
        """Index behind the frame."""
        return max(self.cue[1], self.source[1]) if self.source and self.inverted else self.cue[1]


def find_quotes(document: Document, people: Sequence[Span] = ()) -> list[Drafted]:
    """The quotes of an article as drafts with offsets; `people` are mentions of persons, in order."""
    return [_drafted(document, found) for found in _Reader(document, people).read()]


def _drafted(document: Document, found: Found) -> Drafted:
    text = document.text
    spans = sorted(found.spans)
    at = {"content": tuple(start for start, _ in spans)}
    if found.cue:
        at["cue"] = (found.cue[0],)
    if found.speaker:
        at["speaker"] = (found.speaker[0],)
    draft = QuoteDraft(
        sentence=document.sentence_at(spans[0][0]).number,
        content=[text[start:end] for start, end in spans],
        cue=text[slice(*found.cue)] if found.cue else None,
        speaker=text[slice(*found.speaker)] if found.speaker else None,
        speaker_name=None,
    )
    return Drafted("quotes", draft, at)


class _Reader:
    """Reads one article, sentence by sentence."""

    def __init__(self, document: Document, people: Sequence[Span]) -> None:
        self.document = document
        self.text = document.text
        self.people = list(people)
        self.people_starts = [span.start for span in people]
        self.outers = outer_sentences(document, [marked for marked in document.marked if not marked.nested])
        self.found: list[Found] = []
        self.last: Found | None = None

    def read(self) -> list[Found]:
        for index, outer in enumerate(self.outers):
            self._sentence(index, outer)
        turns = [
            Found([turn.content], None, turn.speaker, turn.paragraph, -1, False) for turn in find_turns(self.document)
        ]
        return sorted([*self.found, *turns], key=lambda found: min(found.spans)) if turns else self.found

    # -- one sentence

    def _sentence(self, index: int, outer: Outer) -> None:
        frames = list(self._frames(outer))
        taken = 0  # index behind the last token that a frame has used
        used: set[int] = set()  # marked stretches that are in a quote, by offset
        for number, frame in enumerate(frames):
            following = frames[number + 1] if number + 1 < len(frames) else None
            behind = self._frame(index, outer, frame, following, taken, used)
            taken = max(taken, behind)
        for position, token in enumerate(outer.tokens):
            if token.kind == "quoted" and token.start not in used:
                self._left_over(index, outer, position, token, bool(frames))

    def _frames(self, outer: Outer) -> Iterator[Frame]:
        tokens = outer.tokens
        known = cues()
        previous: Frame | None = None
        index = 0
        while index < len(tokens):
            token = tokens[index]
            frame = None
            if token.kind == "word":
                if token.lower == "according" and index + 1 < len(tokens) and tokens[index + 1].lower == "to":
                    frame = self._according(tokens, index)
                elif token.lower in known:
                    frame = self._verb(outer, index, known[token.lower], previous)
            elif token.text == ":" and index > 0:
                frame = self._colon(tokens, index)
            if frame is not None:
                yield frame
                previous = frame
                index = max(index + 1, frame.end)
            else:
                index += 1

    def _according(self, tokens: Sequence[Token], index: int) -> Frame | None:
        begin = end = index + 2
        while end < len(tokens):
            token = tokens[end]
            if (
                token.kind == "quoted"
                or (token.kind == "mark" and token.text in ",;:.—–!?)")
                or token.lower in ("who", "which", "that", "and", "but")
            ):
                break
            end += 1
        if end == begin:
            return None
        return Frame((index, index + 2), frozenset({"that", "bare"}), (begin, end), inverted=True)

    def _colon(self, tokens: Sequence[Token], index: int) -> Frame | None:
        """`Holm: "…"`: a name and a colon before an utterance, without a verb."""
        if index + 1 >= len(tokens) or tokens[index + 1].kind != "quoted" or index > 6:
            return None
        words = tokens[:index]
        if not all(
            t.capitalised or t.lower in ("de", "van", "von", "of", "the", "al", "bin") or t.text in ".'’-"
            for t in words
        ):
            return None
        return Frame((index, index + 1), frozenset({"colon"}), (0, index))

    def _verb(self, outer: Outer, index: int, options: Sequence[Cue], previous: Frame | None) -> Frame | None:
        tokens = outer.tokens
        if tokens[index].capitalised and index > 0 and not outer.headline and tokens[index - 1].kind != "quoted":
            return None  # "the United States"
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        cue = next(
            (c for c in options if not c.particle or (following is not None and following.lower == c.particle)),
            None,
        )
        if cue is None or (
            index > 0 and tokens[index - 1].lower in ("was", "were", "been", "be", "is", "are", "being", "not", "to")
        ):
            return None
        end = index + 1 + bool(cue.particle)
        behind_it = tokens[end].lower if end < len(tokens) else ""
        if behind_it == "by" or (cue.form in ("base", "third") and behind_it in ("of", "from", "for")):
            return None  # "demand from abroad", "reports of losses"
        start = previous.end if previous else 0
        if cue.form == "ing":
            if index == 0 or (
                tokens[index - 1].text not in (",", "—", "–") and tokens[index - 1].lower not in ("and", "while", "by")
            ):
                return None
            source = previous.source if previous else self._subject(outer, index)
            return Frame((index, end), cue.uses, source, shared=True) if source else None
        # A typed pair such as "Holm said and her deputy confirmed" leaves the second its own subject.
        source = before_cue(tokens, index, start)
        hangs_on_quote = index > 0 and (
            tokens[index - 1].kind == "quoted"
            or (tokens[index - 1].text in ",—–" and index > 1 and tokens[index - 2].kind == "quoted")
        )
        if source is None or hangs_on_quote or index == 0:
            behind = after_cue(tokens, end)
            if behind is not None and (hangs_on_quote or (index > 0 and tokens[index - 1].text == ",")):
                return Frame((index, end), cue.uses, behind, inverted=True)
        shared = source is None and index > 0 and tokens[index - 1].lower in ("and", "but", "also", "then")
        if shared:
            # "She welcomed the plan and said …"
            source = previous.source if previous is not None else self._subject(outer, index)
        if source is None or (cue.form == "base" and not takes_base_form(tokens, source)):
            return None
        if cue.form == "third" and takes_base_form(tokens, source) and tokens[source[1] - 1].lower not in PRONOUNS:
            return None
        return Frame((index, end), cue.uses, source, shared=shared)

    def _subject(self, outer: Outer, before: int) -> Stretch | None:
        """The person that the sentence names first, as token indices: whose participle or second verb this is."""
        tokens = outer.tokens
        for index in range(before):
            token = tokens[index]
            if token.kind == "word" and token.lower in ("he", "she", "they"):
                return index, index + 1
            if token.kind == "word" and (person := self._person_at(token.start, token.end)):
                last = index
                while last + 1 < before and tokens[last + 1].end <= person[1]:
                    last += 1
                return index, last + 1
        return None

    def _person_at(self, start: int, end: int) -> Stretch | None:
        at = bisect_left(self.people_starts, start)
        if at < len(self.people) and self.people[at].start < end:
            return self.people[at].start, self.people[at].end
        return None

    # -- one frame

    def _frame(
        self, index: int, outer: Outer, frame: Frame, following: Frame | None, taken: int, used: set[int]
    ) -> int:
        """Give a frame its content; the index behind what it used."""
        tokens = outer.tokens
        left = self._left(tokens, taken, frame)
        limit = self._limit(tokens, frame, following)
        if not frame.inverted and frame.start == taken + 1 and tokens[taken].lower in _OPENING_CLAUSE:
            limit = self._clause_end(tokens, frame.end, limit)
        around = self._around(tokens, taken, frame, limit)
        if around is not None:
            self._add(index, outer, frame, around, used)
            return around[-1][1]
        if left is not None and frame.inverted and not self._has_verb(tokens, *left):
            left = None  # "Ada Holm, 27, a farmer in Lyon, said the …"
        right = self._right(tokens, frame, limit)
        if "colon" in frame.uses:
            left = None
        if left is not None and right is not None:
            left_marked = self._only_marked(tokens, left)
            right_marked = right[1] - right[0] == 1 and tokens[right[0]].kind == "quoted"
            if left_marked and right_marked:
                self._add(index, outer, frame, [left, right], used)
                return right[1]
            if not (left_marked and self._utterance(tokens, left)):
                left = None
            else:
                right = None
        if left is not None and self._goes_before(tokens, left, frame):
            self._add(index, outer, frame, [left], used)
            return frame.end
        if right is not None:
            self._add(index, outer, frame, [right], used)
            return right[1]
        return frame.end

    def _goes_before(self, tokens: Sequence[Token], left: Stretch, frame: Frame) -> bool:
        """Whether the cue may stand behind its content: any but a directive's behind marks, a plain one's else."""
        marked = any(token.kind == "quoted" for token in tokens[left[0] : left[1]])
        if not marked and "that" in frame.uses and not frame.uses & {"direct", "bare"}:
            return self._is_clause(tokens, *left)
        return bool(frame.uses & ({"that", "direct", "bare"} if marked else {"direct", "bare"}))

    def _around(self, tokens: Sequence[Token], taken: int, frame: Frame, limit: int) -> list[Stretch] | None:
        """The two parts of a report that its attribution interrupts ("On top of that, they say, it will rain")."""
        begin, end, at = taken, frame.start - 1, frame.end
        if frame.inverted or frame.shared or not frame.uses & {"direct", "bare"} or end <= begin or at + 2 >= limit:
            return None
        if tokens[end].text != "," or tokens[at].text != ",":
            return None
        if any(token.kind == "quoted" for token in (*tokens[begin:end], tokens[at + 1])):
            return None
        while begin < end and (tokens[begin].kind == "mark" or tokens[begin].lower in ("and", "but")):
            begin += 1
        goes_on = tokens[at + 1].lower in _GOING_ON or not self._has_verb(tokens, begin, end)
        right = self._content(tokens, at + 1, limit) if goes_on else None
        if begin == end or right is None or tokens[begin].lower in ("asked", "speaking", "according"):
            return None
        whole = begin, right[1]
        return [(begin, end), right] if self._has_verb(tokens, *whole) else None

    def _has_verb(self, tokens: Sequence[Token], begin: int, end: int) -> bool:
        """Whether a finite verb, or marked words, stand there."""
        end = min(end, begin + LONGEST_REPORT)
        if any(token.kind == "quoted" for token in tokens[begin:end]):
            return True
        end = min(end, begin + 2 * LONGEST_SUBJECT)
        return end > begin and any(finite_verbs(find_words(self.text, tokens[begin].start, tokens[end - 1].end)))

    @staticmethod
    def _only_marked(tokens: Sequence[Token], stretch: Stretch) -> bool:
        return all(token.kind == "quoted" for token in tokens[stretch[0] : stretch[1]])

    def _utterance(self, tokens: Sequence[Token], stretch: Stretch) -> bool:
        last = tokens[stretch[1] - 1]
        return last.marked is not None and (
            len(find_words(last.text)) >= UTTERANCE_WORDS
            or self.text[last.marked.end - 1] in ",.!?"
            or self.text[last.end : last.end + 1] == ","
        )

    def _left(self, tokens: Sequence[Token], taken: int, frame: Frame) -> Stretch | None:
        """The content before a frame: an utterance beside it, or a clause that a comma parts from it."""
        begin, end = taken, frame.start
        if frame.shared or (tokens[frame.cue[0]].lower == "according" and taken > 0):
            return None
        while begin < end and (
            (tokens[begin].kind == "mark" and tokens[begin].text not in "$£€[(")
            or (tokens[begin].lower in ("and", "but") and begin > 0)
        ):
            begin += 1
        comma = False
        while end > begin and tokens[end - 1].kind == "mark" and tokens[end - 1].text in ",—–-":
            comma = comma or tokens[end - 1].text == ","
            end -= 1
        if end <= begin:
            return None
        last = tokens[end - 1]
        if last.kind == "quoted":
            if self._only_marked(tokens, (begin, end)):
                return begin, end
            # Words before the marks belong to the report too ("The plan is “dead,” she said").
            if tokens[begin].lower in _OPENINGS and not frame.inverted and not comma:
                return None
            return begin, end
        quoted = [token for token in tokens[begin:end] if token.kind == "quoted"]
        if quoted and tokens[begin].kind == "quoted" and (comma or frame.inverted):
            return begin, end
        if not comma or end - begin < 3:
            return None
        opening = tokens[begin].lower
        if opening in ("asked", "speaking", "according"):
            return None
        # "In May, she said …" opens the sentence; "In May the mill closed, she said" is the report.
        plain = opening not in _SUBORDINATING and self._is_clause_behind(tokens, begin, end)
        if opening in _OPENINGS and end - begin < 12 and not plain:
            return None
        return begin, end

    def _clause_end(self, tokens: Sequence[Token], at: int, limit: int) -> int:
        """Where "When she said that it rains, …" goes on with its main clause; `limit` where that is not seen."""
        for index in range(at + 2, limit - 2):
            if tokens[index].text == "," and self._is_clause(tokens, index + 1, limit):
                return index
        return limit

    def _is_clause_behind(self, tokens: Sequence[Token], begin: int, end: int) -> bool:
        """Whether a clause stands behind an opening word that itself opens none."""
        end = min(end, begin + 2 * LONGEST_SUBJECT)
        words = find_words(self.text, tokens[begin].start, tokens[end - 1].end)
        verb = next((at for at, finite in enumerate(finite_verbs(words)) if finite), None)
        return verb is not None and verb >= 1 and verb + 1 < len(words)

    def _limit(self, tokens: Sequence[Token], frame: Frame, following: Frame | None) -> int:
        """Index at which content behind a frame has to end: before the next frame, or the sentence's stop."""
        end = len(tokens)
        while end > frame.end and tokens[end - 1].kind == "mark" and tokens[end - 1].text in _STOPS:
            end -= 1
        if following is None:
            return end
        cut = following.start
        # The next frame bounds this one only where something parts them; else it is inside the report.
        for index in range(cut, frame.end, -1):
            token = tokens[index - 1]
            if token.text in ",;—–" or token.lower in (
                "while",
                "but",
                "and",
                "although",
                "though",
                "whereas",
            ):
                cut = index - 1
                continue
            break
        if cut < following.start or following.shared:
            while cut > frame.end and tokens[cut - 1].text in ",;—–":
                cut -= 1
            return min(end, cut)
        return end

    def _right(self, tokens: Sequence[Token], frame: Frame, limit: int) -> Stretch | None:
        """The content behind a frame; None where nothing reported stands there."""
        at = frame.end
        if at >= limit:
            return None
        if tokens[frame.cue[0]].lower == "according":
            if tokens[at].text == "," and frame.cue[0] <= 1:
                return self._content(tokens, at + 1, limit)
            return None
        uses = frame.uses
        if frame.inverted:
            # Behind "said Holm" only a mark or a comma and a mark go on with her words.
            at += tokens[at].text in ",.:" and at + 1 < limit
            return (at, at + 1) if tokens[at].kind == "quoted" else None
        first = tokens[at]
        if first.text in (":", ",") and at + 1 < limit and tokens[at + 1].kind == "quoted":
            return self._marked_content(tokens, at + 1, limit)
        if first.text == ":" and at + 2 < limit and "direct" in uses:
            return at + 1, limit
        if "colon" in uses:
            return self._marked_content(tokens, at, limit) if first.kind == "quoted" else None
        if first.kind == "quoted" and uses & {"direct", "that", "bare"}:
            return self._marked_content(tokens, at, limit)
        that = self._that(tokens, at, limit)
        if that is not None and "bare" in uses and first.lower not in _ADVERBIAL and self._is_clause(tokens, at, that):
            that = None  # "said the fact is that it rains": the clause has begun before it
        if "that" in uses and that is not None:
            return self._content(tokens, that + 1, limit)
        spoken = self._utterance_after(tokens, at, limit)
        if spoken is not None and "direct" in uses:
            return spoken
        if "naming" in uses:
            return self._content(tokens, at, limit) if any(t.kind == "quoted" for t in tokens[at:limit]) else None
        if first.kind == "mark" and first.text not in "$£€[":
            return None
        if "that" in uses and "addressee" in uses:
            told = self._clause_behind_addressee(tokens, at, limit)
            if told is not None:
                return self._content(tokens, told, limit)
        if ("directive" in uses and "addressee" in uses) or ("directive" in uses and "noun" not in uses):
            words = [token.lower for token in tokens[at:limit]]
            if "to" in words[1:14] or words[0] in (
                "whether",
                "if",
                "about",
                "why",
                "for",
                "how",
                "what",
                "against",
            ):
                return self._content(tokens, at, limit)
            if "noun" not in uses and "bare" not in uses:
                return None
        if "infinitive" in uses and first.lower == "to":
            return self._content(tokens, at, limit)
        if "that" in uses and first.lower in _SUBJECTS and limit - at >= 3:
            return self._content(tokens, at, limit)
        if "bare" in uses or "that" in uses:
            if "addressee" in uses:
                return None
            begin = at
            while begin < limit and tokens[begin].lower in _TIMES:
                begin += 1
            plain = tokens[frame.cue[0]].lower in ("said", "says", "say", "saying")
            opens = begin < limit and tokens[begin].lower not in _ADVERBIAL and limit - begin >= 3
            if opens and (plain or self._is_clause(tokens, begin, limit)):
                return self._content(tokens, begin, limit)
            if "noun" not in uses and "thing" not in uses:
                return None
        if "noun" in uses and first.lower not in _ADVERBIAL:
            return self._content(tokens, at, limit)
        if "thing" in uses and (first.lower in DETERMINERS or first.text[0].isdigit() or first.text in "$£€"):
            return self._content(tokens, at, limit)
        return None

    def _is_clause(self, tokens: Sequence[Token], at: int, limit: int) -> bool:
        """Whether a subject and a finite verb stand there before any comma."""
        limit = min(limit, at + LONGEST_SUBJECT)
        end = next((i for i in range(at, limit) if tokens[i].text in (",", ";", ":", "—", "–")), limit)
        if end - at < 2 or tokens[at].lower in _ADVERBIAL or tokens[at].kind != "word":
            return False
        words = find_words(self.text, tokens[at].start, tokens[end - 1].end)
        finite = finite_verbs(words)
        verb = next((i for i, one in enumerate(finite) if one), None)
        if verb is None or not 0 < verb <= 14:
            return False
        return not any(word.form in _NOT_IN_SUBJECT for word in words[:verb])

    def _clause_behind_addressee(self, tokens: Sequence[Token], at: int, limit: int) -> int | None:
        """Index where the report begins in "told the court the man was guilty"."""
        for index in range(at + 1, min(at + 9, limit)):
            token, before = tokens[index], tokens[index - 1]
            if token.kind != "word" or token.text in (",", ":"):
                return None
            named = token.capitalised and not before.capitalised
            opens = named or token.lower in DETERMINERS | _SUBJECTS or token.text[0].isdigit()
            if not opens or before.lower in DETERMINERS | _ADVERBIAL | _LINKS:
                continue
            if self._is_clause(tokens, index, limit):
                return index
        return None

    @staticmethod
    def _that(tokens: Sequence[Token], at: int, limit: int) -> int | None:
        """Index of the "that" which opens the report, past an addressee and adverbials."""
        for index in range(at, min(limit, at + 16)):
            token = tokens[index]
            if token.lower == "that":
                before = tokens[index - 1]
                return index if index == at or before.kind == "word" or before.text in ",)" else None
            if token.kind == "quoted" or (token.kind == "mark" and token.text in ";:—–"):
                return None
        return None

    def _utterance_after(self, tokens: Sequence[Token], at: int, limit: int) -> Stretch | None:
        """An utterance that a comma or a colon parts from the addressee ("told reporters: “…”")."""
        for index in range(at, min(limit - 1, at + 14)):
            if tokens[index].text in (",", ":") and tokens[index + 1].kind == "quoted":
                return self._marked_content(tokens, index + 1, limit)
            if tokens[index].kind == "quoted":
                # "told the paper “we are ready”"
                return (
                    (index, index + 1) if self._utterance(tokens, (index, index + 1)) and index + 1 >= limit else None
                )
        return None

    def _marked_content(self, tokens: Sequence[Token], at: int, limit: int) -> Stretch:
        """An utterance, with what follows it in the clause where that goes on with the report."""
        if at + 1 >= limit or tokens[at + 1].kind == "mark" or self._ends_inside(tokens[at]):
            return at, at + 1
        content = self._content(tokens, at, limit)
        return content or (at, at + 1)

    def _ends_inside(self, token: Token) -> bool:
        return token.marked is not None and self.text[token.marked.end - 1] in ".!?,"

    def _content(self, tokens: Sequence[Token], at: int, limit: int) -> Stretch | None:
        """The clause from `at`, less a tail that says where it was said."""
        while at < limit and tokens[at].kind == "mark" and tokens[at].text in ",:":
            at += 1
        if at >= limit or limit - at > LONGEST_REPORT:
            return None
        limit = self._before_addition(tokens, at, limit)
        tail = _TAIL.search(self.text, tokens[at].start, tokens[limit - 1].end)
        if tail is not None and not any(
            token.kind == "quoted" and token.start >= tail.start() for token in tokens[at:limit]
        ):
            while limit > at + 1 and tokens[limit - 1].start >= tail.start():
                limit -= 1
        while limit > at and tokens[limit - 1].kind == "mark" and tokens[limit - 1].text in ",.;:—–":
            limit -= 1
        return (at, limit) if limit > at else None

    @staticmethod
    def _before_addition(tokens: Sequence[Token], at: int, limit: int) -> int:
        """Where what the article adds begins: "…, noting that", "… but did not say why"."""
        for index in range(at + 3, limit - 1):
            before, lower = tokens[index - 1], tokens[index].lower
            if tokens[index].kind != "word":
                continue
            if before.text == "," and lower.endswith("ing") and len(lower) > 5 and lower not in _NO_PARTICIPLES:
                return index - 1
            if lower == "but" and tokens[index + 1].lower in _DECLINING:
                return index - 1 if before.text == "," else index
        return limit

    # -- what is found

    def _add(self, index: int, outer: Outer, frame: Frame, contents: Sequence[Stretch], used: set[int]) -> None:
        tokens = outer.tokens
        spans: list[Stretch] = []
        marked = continued = False
        for begin, end in contents:
            inside = [token for token in tokens[begin:end] if token.kind == "quoted"]
            used.update(token.start for token in inside)
            if len(inside) == end - begin:
                spans.extend((t.marked.start, t.marked.end) for t in inside if t.marked)
            else:
                spans.append((tokens[begin].start, tokens[end - 1].end))
            marked = (bool(inside) and end - begin <= len(inside)) or (
                bool(inside) and tokens[end - 1].kind == "quoted"
            )
            continued = bool(inside) and inside[-1].marked is not None and inside[-1].marked.continued
        cue = (tokens[frame.cue[0]].start, tokens[frame.cue[1] - 1].end) if "colon" not in frame.uses else None
        speaker = self._speaker(tokens, frame.source) if frame.source else None
        begins_marked = self.text[spans[0][0] - 1 : spans[0][0]] != "" and any(
            t.start < spans[0][0] for t in tokens[contents[0][0] : contents[0][0] + 1]
        )
        if (
            self.last is not None
            and self.last.continued
            and begins_marked
            and self.last.paragraph == outer.paragraph - 1
        ):
            self.last.spans.extend(spans)
            if self.last.cue is None:
                self.last.cue, self.last.speaker = cue, speaker or self.last.speaker
            self.last.paragraph, self.last.outer, self.last.continued, self.last.marked = (
                outer.paragraph,
                index,
                continued,
                marked,
            )
            return
        found = Found(spans, cue, speaker, outer.paragraph, index, marked, continued)
        self.found.append(found)
        if marked:
            self.last = found

    def _speaker(self, tokens: Sequence[Token], source: Stretch) -> Stretch:
        """The mention: the person's own name where the phrase, or an apposition to it, is one; else the phrase."""
        start, end = tokens[source[0]].start, tokens[source[1] - 1].end
        behind = source[1] + 1
        if (
            behind < len(tokens)
            and tokens[behind - 1].text == ","
            and (person := self._person_at(tokens[behind].start, tokens[behind].end))
            and person[0] == tokens[behind].start
            and self.text[person[1] : person[1] + 1] in (",", ".", "")
        ):
            return person
        at = bisect_left(self.people_starts, start)
        if at < len(self.people) and _BELONGS.match(self.text, self.people[at].end, end):
            return self.people[at].start, self.people[at].end  # "Ada Holm of the Lyon Bank"
        while at < len(self.people) and self.people[at].end <= end:
            if self.people[at].end == end:
                return self.people[at].start, end
            at += 1
        return start, end

    def _left_over(self, index: int, outer: Outer, position: int, token: Token, framed: bool) -> None:
        """A marked stretch that no frame took: it goes on from the quote before it, or is an utterance of its own."""
        marked = token.marked
        if marked is None:
            return
        span = (marked.start, marked.end)
        begins_paragraph = position == 0 and (index == 0 or self.outers[index - 1].paragraph != outer.paragraph)
        last = self.last
        if last is not None and last.continued and begins_paragraph and last.paragraph == outer.paragraph - 1:
            self._extend(last, span, index, outer, marked)
            return
        if not outer.only_marked:
            return
        if last is not None and last.marked and last.paragraph == outer.paragraph and last.outer in (index, index - 1):
            self._extend(last, span, index, outer, marked)
            return
        words = len(find_words(self.text, *span))
        if words < UTTERANCE_WORDS and self.text[marked.end - 1] not in ".!?":
            return
        cue, speaker = self._source_before(index, outer, marked)
        self.last = Found([span], cue, speaker, outer.paragraph, index, True, marked.continued)
        self.found.append(self.last)

    def _extend(self, last: Found, span: Stretch, index: int, outer: Outer, marked: Marked) -> None:
        last.spans.append(span)
        last.paragraph, last.outer, last.marked, last.continued = (
            outer.paragraph,
            index,
            True,
            marked.continued,
        )

    def _source_before(self, index: int, outer: Outer, marked: Marked) -> tuple[Stretch | None, Stretch | None]:
        """Cue and speaker of an utterance that stands alone, from the sentence before it."""
        if index == 0 or not (marked.closed or marked.continued):
            return None, None
        before = self.outers[index - 1]
        if before.tokens[-1].text == ":":
            frames = list(self._frames(before))
            if frames and frames[-1].source:
                frame = frames[-1]
                return (
                    before.tokens[frame.cue[0]].start,
                    before.tokens[frame.cue[1] - 1].end,
                ), self._speaker(before.tokens, frame.source or (0, 1))
        last = self.last
        reported = self.found[-1] if self.found else None
        if before.paragraph == outer.paragraph:
            if reported is not None and reported.outer == index - 1 and reported.speaker and not before.quoted:
                return None, reported.speaker
            if not before.quoted and (subject := self._subject(before, min(6, len(before.tokens)))):
                return None, self._speaker(before.tokens, subject)
        elif last is not None and last.marked and last.paragraph == outer.paragraph - 1 and last.outer == index - 1:
            return None, last.speaker
        return None, None
