"""Generated plain news, all of it made up, for tests that need many articles of which it is known what they hold."""

from __future__ import annotations

from random import Random

from extractor.records.article import Article

_GIVEN = "Ada Boris Clara Dora Emil Frida Greta Henrik Ines Jakob Karin Lars Mira Nils Olga Pavel Rosa Sven Tilda Viggo"
_FAMILY = """
    Holm Brandvik Sandoval Okafor Lindqvist Moreau Tanaka Petrov Castell Ahlgren Duarte Vestergaard Kovac Marchetti
    Osei Rautio Silberman Thorne Ulrich Yamada
    """
_ONSETS, _ENDINGS = "bra dor est fal gri hal kol lun mar nor ost pel".split(), "vik berg dal mouth ham sund".split()
_WORKS = "harbour wall,tram line,school roof,water tower,swimming pool,fish market,ferry pier,library".split(",")
_DAYS = "Monday Tuesday Wednesday Thursday Friday".split()
_NEWS = (
    "The town of {town} will pay {n} million kroner for a new {work}, {name} said on {day}.",
    "“We have waited {n} years for the {work}, and the people of {town} will not wait longer,” said {name}.",
    "The work on the {work} took {n} months and cost {m} kroner for each household in {town}.",
    "{name} told reporters that the {work} was “a long and costly lesson” for the council of {town}.",
    "“The {work} is safe,” {name} said.",
    "“It has leaked since {day},” said an engineer who left {town}.",
    "Fish landings in {town} fell by {n} percent last year because the {work} was closed.",
    "“Nobody in {town} was asked about the {work},” said {name}, who owns {n} boats.",
    "{name} and {other} met the builders of the {work} on {day}.",
    "The council of {town} has not decided what to do with the old {work}.",
    "{name} warned that “the {work} can fail in a storm” and that {town} had only {n} pumps.",
    "“It will be ready in {n} weeks,” {name} added, “and {town} will have its {work} back.”",
    "{other} wrote on {day} that the bill for the {work} had risen from {n} to {m} million kroner.",
)


def articles(count: int, seed: int = 0, *, sentences: int = 8) -> list[Article]:
    """Plain news about a town that no other of them is about, with names, figures and quotes in curly marks.

    The title names it, so every prompt about an article does. No sentence stands twice in an article. Ten of them are
    some 900 characters.
    """
    given, family = _GIVEN.split(), _FAMILY.split()
    written = []
    for number in range(count):
        random = Random(f"{seed} {number}")
        more, ending = divmod(number, len(_ENDINGS))
        town = _ENDINGS[ending]
        while more or len(town) < 6:
            more, onset = divmod(more, len(_ONSETS))
            town = _ONSETS[onset] + town
        town = town.capitalize()
        names = [f"{one} {other}" for one in random.sample(given, 3) for other in random.sample(family, 1)]
        lines: dict[str, None] = {}
        while len(lines) < sentences:
            kind = _NEWS[(len(lines) + number) % len(_NEWS)] if len(lines) < len(_NEWS) else random.choice(_NEWS)
            name, other = random.sample(names, 2)
            figures = {"n": random.randint(11, 99), "m": random.randint(101, 999)}
            line = kind.format(
                town=town, name=name, other=other, work=random.choice(_WORKS), day=random.choice(_DAYS), **figures
            )
            lines[line] = None
        paragraphs = [list(lines)[at : at + 3] for at in range(0, sentences, 3)]
        text = "\n\n".join(" ".join(paragraph) for paragraph in paragraphs)
        written.append(Article(id=f"{town}-{number}", title=f"News from {town}", text=text))
    return written
