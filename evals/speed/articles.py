"""Generated news articles of invented people and events, with the items that a model is played to find in them.

Each sentence carries its own items, so that a reply can be made for any stretch of an article, however a contender
cuts it. No sentence holds a full stop before its last character but in a number: `sentences_of` can take a text apart.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Literal

PARAGRAPHS = 16
"""Paragraphs of an article; with about 400 characters each, it has some 6,500."""


@dataclass(frozen=True)
class Item:
    """Something that stands in a sentence."""

    kind: Literal["quote", "claim", "entity"]
    words: str
    """As they stand: what is quoted, the evidence, or the name."""
    source: str | None = None
    """Who says it, as it stands."""
    full_name: str | None = None
    """The same person's full name."""
    cue: str | None = None
    """Of a quote."""
    label: str | None = None
    """Of a claim its kind, of an entity its type."""


@dataclass(frozen=True)
class Sentence:
    """One sentence and what is found in it."""

    text: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class NewsArticle:
    """An article, paragraph by paragraph."""

    id: str
    paragraphs: tuple[tuple[Sentence, ...], ...]

    @property
    def text(self) -> str:
        """The article as a reader has it."""
        return "\n\n".join(" ".join(sentence.text for sentence in sentences) for sentences in self.paragraphs)


def sentences_of(text: str) -> list[str]:
    """The sentences of a stretch of a generated article."""
    return re.split(r"(?<=\.)\s+", text.strip())


def generate(count: int, seed: int = 1) -> list[NewsArticle]:
    """So many articles; the same for the same seed, however many follow."""
    return [_article(f"{seed}-{number:04}", random.Random(f"{seed} {number}")) for number in range(count)]


_FIRST = (
    "Ada Bera Corin Dalia Edvin Fenna Goran Hedda Ivo Jorun Kasper Linnea Marek Nadia Oskar Petra Runa Sefa".split()
)
_ONSETS = "B Br D Dr F G H K Kl L M N P R S St T Tr V W".split()
_MIDDLES = "al an ar el en er il in ol or ul un".split()
_ENDS = "berg dal dorf gard holm land mark nes rud sen stad ton vik wick".split()
_THINGS = "harbour wall,tram line,water tower,district hospital,grain store,ferry terminal,ring road".split(",")
_BODIES = "Harbour Board,Audit Office,Transport Agency,Growers Union,Rescue Service,Water Company".split(",")
_TROUBLES = "cracks in the foundations,missing permits,rising price of steel,lack of engineers,leaking pipes".split(",")
_GROUPS = "shopkeepers,residents,teachers,fishermen,bus drivers,night nurses".split(",")
_MONTHS = "January February March April May June July August September October November December".split()


def _name(rng: random.Random) -> str:
    return rng.choice(_ONSETS) + rng.choice(_MIDDLES) + rng.choice(_ENDS)


@dataclass(frozen=True)
class _Cast:
    """Who and what one article is about."""

    town: str
    bodies: tuple[str, ...]
    people: tuple[tuple[str, str], ...]
    """First and last names."""


def _article(name: str, rng: random.Random) -> NewsArticle:
    names: list[str] = []
    while len(names) < 8:
        new = _name(rng)
        if not any(new in old or old in new for old in names):
            names.append(new)
    town, *lasts = names
    bodies = tuple(f"{town} {body}" for body in rng.sample(_BODIES, 3))
    people = tuple(zip(rng.sample(_FIRST, len(lasts)), lasts, strict=True))
    cast = _Cast(town, bodies, people)
    return NewsArticle(name, tuple(_paragraph(cast, number, rng) for number in range(PARAGRAPHS)))


def _paragraph(cast: _Cast, number: int, rng: random.Random) -> tuple[Sentence, ...]:
    first, last = cast.people[number % len(cast.people)]
    full = f"{first} {last}"
    body = cast.bodies[number % len(cast.bodies)]
    thing, trouble, group, month = (rng.choice(words) for words in (_THINGS, _TROUBLES, _GROUPS, _MONTHS))
    year, sum_, share, count = (
        rng.randint(1990, 2024),
        rng.randint(2, 980) / 10,
        rng.randint(2, 60),
        rng.randint(20, 900),
    )
    said = (
        f"The {thing} cannot be opened before {month}, and we told the council so after {count} complaints in {year},"
    )
    spent = f"The {body} spent {sum_} million crowns on the {thing} in {year}"
    share_of = f"which was {share} percent of its budget"
    warned = f"{count} {group} had been warned about the {trouble} as early as {month} {year}"
    fell = f"the number of {group} in the district fell by {share} percent between {year} and 2025"
    sentences = [
        Sentence(
            f"“{said}” said {full}, who speaks for the {body}.",
            (
                Item("quote", said, source=full, full_name=full, cue="said"),
                Item("entity", full, label="person"),
            ),
        ),
        Sentence(f"{spent}, {share_of}.", (Item("claim", spent, label="quantity"),)),
        Sentence(
            f"{last} added that {warned}.",
            (Item("quote", warned, source=last, full_name=full, cue="added"),)
            if number % 2
            else (Item("entity", last, label="person"),),
        ),
    ]
    if number % 3 == 0:
        sentences.append(
            Sentence(
                f"In {cast.town} {fell}, because the {thing} stood idle.",
                (Item("claim", fell, label="quantity"), Item("entity", cast.town, label="location")),
            )
        )
    rng.shuffle(sentences)
    return tuple(sentences)
