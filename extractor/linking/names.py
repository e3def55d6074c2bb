"""Names → things: one entity for all the forms under which the article names it.

Forms are linked where they are equal, where one is an acronym of the other, where both name one country, where a
short form is the surname (or the first words) of a longer one. A short form that fits two things goes, mention
by mention, to the one last named in full.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from extractor.records.item import Entity, EntityType
from extractor.records.span import Span
from extractor.text.place_names import country
from extractor.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.text.document import Document

_NOT_IN_ACRONYM = frozenset("of the and for in on to a an de du des la le et".split())
_CALENDAR = frozenset(
    """
    January February March April May June July August September October November December
    """.split()
) | frozenset("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
_BEFORE_MONTH = re.compile(
    r"(?:\b(?:in|on|since|until|till|by|from|through|last|next|this|early|late|mid|of|between|and|to|during|before|after|for)[\s-]+"
    r"|\d(?:st|nd|rd|th)?\s+)\Z",
    re.IGNORECASE,
)
_CORPORATE = re.compile(r",?\s+(?:Inc|Ltd|Corp|Co|LLC|PLC|plc|AG|SA|GmbH|Group|Corporation|Company|Limited)\.?\Z")
_WORD_BREAK = re.compile(r"[\s\-–/]+")

LONGEST_ACRONYM = 8
"""Letters."""

_CAPITAL = re.compile(r"[^\W\d_](?:[^\W_]|[.&'’-](?=\w))*\.?|\d+[^\W\d_]+")
# The words between names are most of a text: a run of them is one match, without a group.
_LOWER_OR_CAPITAL = re.compile(
    r"(?:[a-z]++(?!\w|[.&'’-]\w)\W*+)++"
    rf"|([A-Z][A-Za-z]*+(?![\w.&'-]|[^\x00-\x7f])|{_CAPITAL.pattern})"
)


def link_names(entities: Sequence[Entity], document: Document) -> tuple[Entity, ...]:
    """One entity for each thing, with every mention of each of its forms in the article, in document order.

    Entities come out without ids.
    """
    if not entities:
        return ()
    clusters = _clusters(_by_form(entities))
    return _with_mentions(clusters, document)


class _Cluster:
    """A thing under construction: its forms, the type that most drafts gave it, where it was seen."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self.seen: dict[int, Span] = {}
        self.forms: set[str] = set()
        self.types: Counter[EntityType] = Counter()
        for entity in entities:
            self.add(entity)

    def add(self, entity: Entity) -> None:
        self.types[entity.type] += len(entity.mentions)
        for mention in entity.mentions:
            self.see(mention)

    def see(self, mention: Span) -> None:
        known = self.seen.get(mention.start)
        if known is None or known.end < mention.end:
            self.seen[mention.start] = mention
        self.forms.add(_flat(mention.text))

    def absorb(self, other: _Cluster) -> None:
        self.types.update(other.types)
        for mention in other.seen.values():
            self.see(mention)
        self.forms |= other.forms

    @property
    def type(self) -> EntityType:
        return max(self.types, key=self.types.__getitem__)

    @property
    def first(self) -> int:
        return min(self.seen)


def _flat(form: str) -> str:
    return " ".join(form.split())


def _key(form: str) -> str:
    return _flat(form).casefold().replace("’", "'").replace(".", "").removeprefix("the ")


def _by_form(entities: Sequence[Entity]) -> list[_Cluster]:
    """Drafts that share a spelled form, or a place, are one."""
    clusters: list[_Cluster] = []
    by_key: dict[str, _Cluster] = {}
    for entity in sorted(entities, key=lambda e: (e.mentions[0].start, -len(e.name))):
        keys = {_key(span.text) for span in entity.mentions}
        if entity.type == "person":
            # Two people may bear one surname: only a full name tells that two drafts mean one.
            keys = {key for key in keys if " " in key} or keys
        known = [by_key[key] for key in sorted(keys) if key in by_key]
        cluster = known[0] if known else _Cluster(())
        if not known:
            clusters.append(cluster)
        cluster.add(entity)
        for key in keys:
            by_key.setdefault(key, cluster)
    return clusters


def _clusters(clusters: list[_Cluster]) -> list[_Cluster]:
    """Link clusters by acronym, country and short form, the longest names first."""
    ordered = sorted(clusters, key=lambda c: (-max(len(form) for form in c.forms), c.first))
    kept: list[_Cluster] = []
    by_hook: dict[str, list[int]] = defaultdict(list)

    def keep(hooks: Iterable[str], index: int) -> None:
        for hook in hooks:
            by_hook[hook].append(index)

    for cluster in ordered:
        hooks = {hook for form in cluster.forms for hook in _hooks(form)}
        near = sorted({index for hook in hooks for index in by_hook.get(hook, ())})
        fits = [index for index in near if _same(kept[index], cluster)]
        if len(fits) > 1 and cluster.type == "person" and all(kept[index].type == "person" for index in fits):
            _share_out(cluster, [kept[index] for index in fits])
        elif fits:
            kept[fits[0]].absorb(cluster)
            keep(hooks, fits[0])
        else:
            kept.append(cluster)
            keep(hooks, len(kept) - 1)
    return kept


def _hooks(form: str) -> set[str]:
    """What two forms have to share to name one thing: a word, the letters of an acronym, a country."""
    words = [word for word in _key(form).split() if word not in FUNCTION_WORDS]
    found = set(words)
    initials = _initials(form)
    if initials:
        found.update(f"letters {letters}" for letters in initials)
    letters = form.replace(".", "")
    if len(letters) <= LONGEST_ACRONYM and letters.isalpha():
        found.add(f"letters {letters.casefold()}")
    code = country(form)
    if code is not None:
        found.add(f"country {code}")
    return found


def _share_out(cluster: _Cluster, owners: Sequence[_Cluster]) -> None:
    """Give each mention of a surname that several people bear to whoever was last named before it."""
    full = sorted((start, index) for index, owner in enumerate(owners) for start in owner.seen)
    starts = [start for start, _ in full]
    for start, span in sorted(cluster.seen.items()):
        before = bisect_right(starts, start) - 1
        owner = owners[full[max(before, 0)][1]]
        owner.see(span)


def _same(longer: _Cluster, shorter: _Cluster) -> bool:
    if longer.type == shorter.type == "person":
        full, other = ({form for form in c.forms if " " in form} for c in (longer, shorter))
        if full and other:
            return any(_key(a) == _key(b) or _names_agree(a, b, "person", "person") for a in full for b in other)
    return any(_names_agree(a, b, longer.type, shorter.type) for a in longer.forms for b in shorter.forms)


def _names_agree(long: str, short: str, type_of_long: str, type_of_short: str) -> bool:
    """Whether a form and a shorter one name one thing."""
    if type_of_long == type_of_short or {type_of_long, type_of_short} <= {"location", "organization"}:
        if acronym_of(short, long) or acronym_of(long, short):
            return True
        first = country(long)
        if first is not None and type_of_long == "location" and country(short) == first:
            return True
    if type_of_long != type_of_short:
        return False
    a, b = _key(long).split(), _key(short).split()
    if not b or len(b) >= len(a):
        return False
    if type_of_long == "person":
        # "Mattis", "Jim"; not the "Jr" of "John Smith Jr".
        a = [word for word in a if word not in ("jr", "sr", "ii", "iii", "iv")]
        return (
            a[-len(b) :] == b
            or (len(b) == 1 and a[0] == b[0] and len(b[0]) > 1)
            or (len(b) > 1 and b[0] == a[0] and b[-1] == a[-1])
        )
    if type_of_long == "organization":
        return _key(_CORPORATE.sub("", long)) == _key(short) or (
            len(b) >= 2 and (a[: len(b)] == b or a[-len(b) :] == b)
        )
    return type_of_long in ("work", "event", "product") and len(b) >= 2 and a[-len(b) :] == b


def acronym_of(short: str, long: str) -> bool:
    """Whether `short` is made of the initials of `long` ("NATO", "U.N."), small words counted or not."""
    letters = short.replace(".", "")
    if not 2 <= len(letters) <= LONGEST_ACRONYM or not letters.isalpha() or sum(c.isupper() for c in letters) < 2:
        return False
    return letters.casefold() in _initials(long)


def _initials(name: str) -> tuple[str, ...]:
    """The initials of a name of several words, small words counted and not; nothing of a single word."""
    words = [word for word in _WORD_BREAK.split(name) if word and word[0].isalpha()]
    if len(words) < 2:
        return ()
    every = "".join(word[0] for word in words).casefold()
    return every, "".join(word[0] for word in words if word.casefold() not in _NOT_IN_ACRONYM).casefold()


def _with_mentions(clusters: Sequence[_Cluster], document: Document) -> tuple[Entity, ...]:
    """Every place where a form stands; of two that overlap the longer, so a name inside a name is no mention."""
    text = document.text
    owners: dict[str, list[int]] = defaultdict(list)
    for index, cluster in enumerate(clusters):
        for form in {span.text for span in cluster.seen.values()} | cluster.forms | _surnames(cluster):
            owners[form].append(index)
    places = _places(owners, text)
    seen = {(start, span.end): index for index, c in enumerate(clusters) for start, span in c.seen.items()}
    mentions: dict[int, list[Span]] = defaultdict(list)
    last_named: dict[int, int] = {}
    for start, end in _longest_apart({*places, *seen}):
        candidates = owners[text[start:end]]
        owner = seen.get((start, end))
        if owner is None:
            owner = max(candidates, key=lambda index: last_named.get(index, -1))
        if len(candidates) == 1:
            last_named[owner] = start
        mentions[owner].append(Span.of(text, start, end))
    built = [_entity(clusters[index].type, spans) for index, spans in mentions.items()]
    return tuple(sorted(built, key=lambda entity: entity.mentions[0].start))


def _longest_apart(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of places that overlap, the longest; in order."""
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(places, key=lambda place: (place[0] - place[1], place[0])):
        at = bisect_left(chosen, (start, -1))
        if (at == len(chosen) or chosen[at][0] >= end) and (at == 0 or chosen[at - 1][1] <= start):
            chosen.insert(at, (start, end))
    return chosen


def _surnames(cluster: _Cluster) -> set[str]:
    """The last word of a person's full name, under which news goes on to speak of them."""
    if cluster.type != "person":
        return set()
    found = set()
    for form in cluster.forms:
        words = form.split()
        if (
            len(words) > 1
            and len(words[-1]) > 2
            and words[-1][0].isupper()
            and (words[-1] in _CALENDAR or words[-1].casefold() not in FUNCTION_WORDS)
        ):
            found.add(words[-1])
    return found


def _places(owners: dict[str, list[int]], text: str) -> set[tuple[int, int]]:
    """Where the forms stand as words of their own, as half-open offsets."""
    by_first: dict[str, list[str]] = defaultdict(list)
    for form in owners:
        match = _CAPITAL.search(form)
        if match is not None and match.start() == 0:
            by_first[match.group().rstrip(".").casefold()[:3]].append(form)
    found = set()
    for match in _LOWER_OR_CAPITAL.finditer(text):
        word = match[1]
        if word is None or word.islower():
            continue
        start = match.start()
        for form in by_first.get(word.rstrip(".").casefold()[:3], ()):
            end = start + len(form)
            if not text.startswith(form, start) or _inside_word(text, start, end):
                continue
            if form in _CALENDAR and (
                _BEFORE_MONTH.search(text, max(0, start - 12), start) or text[end : end + 4].strip()[:1].isdigit()
            ):
                continue
            found.add((start, end))
    return found


def _inside_word(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if before.isalnum() or (after.isalnum() and text[end - 1] != "."):
        return True
    return after in ("-", "&") and text[end + 1 : end + 2].isupper() and after == "&"


def _entity(type_: EntityType, mentions: Sequence[Span]) -> Entity:
    counts = Counter(_flat(span.text) for span in mentions)
    # The fullest form: the longest, an acronym never before what it stands for.
    name = max(counts, key=lambda form: (len(form.split()) > 1 or "." not in form, len(form), counts[form]))
    return Entity(
        type=type_,
        name=name,
        aliases=tuple(sorted((form for form in counts if form != name), key=lambda form: (-len(form), form))),
        mentions=tuple(sorted(mentions, key=lambda span: span.start)),
    )
