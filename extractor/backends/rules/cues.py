"""Cues: the reporting expressions of English news, read from `cues.tsv`, where each has its reason."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_DOUBLING = frozenset({"dub", "beg"})


@dataclass(frozen=True)
class Cue:
    """One inflected form of a reporting verb and the sorts of content it takes."""

    lemma: str
    uses: frozenset[str]
    form: str
    """`base` (say), `third` (says), `past` (said) or `ing` (saying)."""
    particle: str = ""
    """The second word of a cue of two ("called on")."""


def _regular(lemma: str) -> dict[str, str]:
    if lemma.endswith("e"):
        return {lemma: "base", f"{lemma}s": "third", f"{lemma}d": "past", f"{lemma[:-1]}ing": "ing"}
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return {lemma: "base", f"{lemma[:-1]}ies": "third", f"{lemma[:-1]}ied": "past", f"{lemma}ing": "ing"}
    stem = lemma + lemma[-1] if lemma in _DOUBLING or lemma in ("admit", "quip") else lemma
    third = f"{lemma}es" if lemma.endswith(("s", "sh", "ch", "o")) else f"{lemma}s"
    return {lemma: "base", third: "third", f"{stem}ed": "past", f"{stem}ing": "ing"}


@cache
def cues() -> dict[str, tuple[Cue, ...]]:
    """Every inflected form in lower case, and what it may be: "called" is a cue alone and with "on" and "for"."""
    found: dict[str, list[Cue]] = {}
    for line in files(__package__).joinpath("cues.tsv").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        lemma, uses, irregular, _ = line.split("\t")
        verb, _, particle = lemma.partition(" ")
        forms = _regular(verb)
        past = [form for form in irregular.split() if not form.endswith(("ing", "s"))]
        if past:
            forms = {form: tense for form, tense in forms.items() if tense != "past"} | dict.fromkeys(past, "past")
        for form, tense in forms.items():
            found.setdefault(form, []).append(Cue(lemma, frozenset(uses.split()), tense, particle))
    # A cue of two words is tried before its first word alone.
    return {form: tuple(sorted(options, key=lambda cue: not cue.particle)) for form, options in found.items()}
