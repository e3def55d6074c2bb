"""What a model that reads simply and never lies replies to a request, worked out from the request alone; and lies.

It reads one sentence at a time: what stands between curly marks is a quote, two capitalised words are a name, a clause
with a digit is a claim. So tests can compute what has to come out of an article, whatever a server does to replies.

    honest_reply([(1, "“It holds,” said Ada Holm.")], ["quotes"])
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

Item = dict[str, Any]
Reply = dict[str, list[Item]]
Sentences = Sequence[tuple[int, str]]
"""Numbers and texts."""

MARKER = "Zorblax"
"""Stands in every word that is made up; never in an article."""

_MARKED = re.compile("“([^“”]+)”")
_NAMES = re.compile(r"[A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+)*")
_NO_NAMES = frozenset(
    """
    The A An In On At By For From But And Or He She It They We Our This That Mr Mrs Ms Dr Sir Mayor President Minister
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
    September October November December
    """.split()
)
_CUE = "said|added|warned|wrote|told|says|argued|announced"
_NAME = "(?:[A-Z][a-zà-ÿ]+ [A-Z][a-zà-ÿ]+)"
_SOURCE = rf"(?P<speaker>{_NAME}|[Hh]e|[Ss]he|(?:[Aa]n?|[Tt]he) [a-z]+)"
_BEHIND = (re.compile(rf",? (?P<cue>{_CUE}) {_SOURCE}\b"), re.compile(rf",? {_SOURCE} (?P<cue>{_CUE})\b"))
_BEFORE = re.compile(rf"{_SOURCE} (?P<cue>{_CUE})\b")
_ENDS = " \n,.;:"

_SENTENCES = re.compile(r"<sentences (\S+)>\n(.*?)</sentences \1>", re.DOTALL)
_ITEMS = re.compile(r"<items (\S+)>\n(.*?)</items \1>", re.DOTALL)
_LINE = re.compile(r"\[(\d+)\] (.*)")
_FAILING = re.compile(r"(\w+)\[\d+\]: (.*)")
_KINDS = ("entities", "quotes", "claims")
_ANCHORS = {"quotes": "content", "claims": "evidence", "entities": "name"}
_ALIKE = 0.6


@dataclass(frozen=True)
class Asked:
    """What a request asks for."""

    sentences: tuple[tuple[int, str], ...]
    kinds: tuple[str, ...]
    """The lists of the reply, in their order."""
    failing: tuple[tuple[str, Any], ...] | None = None
    """Of a follow-up: kind and item of each thing to be mended, the item None where it cannot be read."""


def asked_for(body: Mapping[str, Any]) -> Asked | None:
    """What the body of a chat completion request asks for, in whatever mode; None where it shows no sentences."""
    user = content(body, "user")
    block = _SENTENCES.search(user)
    if block is None:
        return None
    sentences = [(int(line[1]), line[2]) for line in map(_LINE.match, block[2].splitlines()) if line]
    items = next((found[2] for found in _ITEMS.finditer(user, block.end()) if found[1] == block[1]), None)
    failing = None
    if items is not None:
        failing = tuple((line[1], _read(line[2])) for line in map(_FAILING.match, items.splitlines()) if line)
    return Asked(tuple(sentences), _asked_kinds(body), failing or None)


def content(body: Mapping[str, Any], role: str) -> str:
    """The messages of a role, joined."""
    return "\n".join(message["content"] for message in body["messages"] if message["role"] == role)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _asked_kinds(body: Mapping[str, Any]) -> tuple[str, ...]:
    if body.get("tools"):
        return tuple(body["tools"][0]["function"]["parameters"]["properties"])
    if body.get("response_format", {}).get("type") == "json_schema":
        return tuple(body["response_format"]["json_schema"]["schema"]["properties"])
    return _kinds_in_words(content(body, "system"))


@lru_cache(maxsize=64)
def _kinds_in_words(system: str) -> tuple[str, ...]:
    """The lists of the last JSON schema in a system message."""
    decoder, kinds, at = json.JSONDecoder(), _KINDS, system.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(system, at)
        except ValueError:
            value, end = None, at + 1
        if isinstance(value, dict) and isinstance(value.get("properties"), dict):
            kinds = tuple(value["properties"])
        at = system.find("{", end)
    return kinds


def honest_reply(sentences: Sentences, kinds: Iterable[str]) -> Reply:
    """What is in the sentences, copied word for word. A name is given once; unknown kinds are empty."""
    reply: Reply = {}
    for kind in kinds:
        items = [item for number, text in sentences for item in _items(kind, number, text)]
        if kind == "entities":
            first: dict[str, Item] = {}
            for item in items:
                first.setdefault(item["name"], item)
            items = list(first.values())
        reply[kind] = items
    return reply


def reply_to(asked: Asked) -> Reply:
    """The honest reply to any request: to a follow-up, what the failing items should have been."""
    if asked.failing is None:
        return honest_reply(asked.sentences, asked.kinds)
    reply: Reply = {kind: [] for kind in asked.kinds}
    for kind, item in asked.failing:
        for honest in _mended(kind, item, asked.sentences):
            if honest not in reply.get(kind, [honest]):
                reply[kind].append(honest)
    return reply


def _mended(kind: str, item: Any, sentences: Sentences) -> list[Item]:
    words = anchor(kind, item)
    if MARKER in words:
        return []
    number = item.get("sentence") if isinstance(item, dict) else None
    shown = [(at, text) for at, text in sentences if at == number] or sentences
    honest = [found for at, text in shown for found in _items(kind, at, text)]
    if shown is sentences and words:
        alike = [difflib.SequenceMatcher(None, words, anchor(kind, found)).ratio() for found in honest]
        return [found for found, likeness in zip(honest, alike, strict=True) if likeness >= _ALIKE]
    return honest


def anchor(kind: str, item: Any) -> str:
    """The words by which an item stands where it stands; empty where it has none."""
    value = item.get(_ANCHORS.get(kind, "")) if isinstance(item, dict) else None
    parts = value if isinstance(value, list) else [value]
    return " ".join(part for part in parts if isinstance(part, str))


def _items(kind: str, number: int, text: str) -> list[Item]:
    if kind == "quotes":
        return [_quote(number, text, marked) for marked in _MARKED.finditer(text)]
    if kind == "entities":
        return [
            {"sentence": number, "name": name, "type": "person", "forms": [name]}
            for name in dict.fromkeys(map(_two_words, _NAMES.findall(text)))
            if name
        ]
    if kind == "claims":
        return [
            {
                "sentence": number,
                "evidence": [clause],
                "text": f"{clause}.",
                "kind": "quantity",
                "claimant": None,
                "claimant_name": None,
            }
            for clause in (part.strip(_ENDS) for part in re.split("[“”]", text))
            if re.search(r"\d", clause)
        ][:1]
    return []


def _two_words(run: str) -> str:
    words = run.split()
    while words and words[0] in _NO_NAMES:
        words.pop(0)
    return " ".join(words) if len(words) == 2 else ""


def _quote(number: int, text: str, marked: re.Match[str]) -> Item:
    behind = (pattern.match(text, marked.end()) for pattern in _BEHIND)
    before = _BEFORE.search(text[: marked.start()])
    said = next((found for found in (*behind, before) if found), None)
    speaker = said["speaker"] if said else None
    return {
        "sentence": number,
        "content": [marked[1]],
        "cue": said["cue"] if said else None,
        "speaker": speaker,
        "speaker_name": speaker if speaker and re.fullmatch(_NAME, speaker) else None,
    }


def with_invalid_items(reply: Reply, random: Random) -> Reply:
    """The reply with some of its items, one at least, no longer of the form asked for."""
    broken: Reply = {kind: list(items) for kind, items in reply.items()}
    places = [(kind, index) for kind, items in broken.items() for index in range(len(items))]
    if not places:
        return {kind: [{"sentence": MARKER}] for kind in broken}
    chosen = random.sample(places, random.randint(1, (len(places) + 1) // 2))
    for kind, index in chosen:
        broken[kind][index] = _invalid(broken[kind][index], random)
    return broken


def _invalid(item: Item, random: Random) -> Any:
    way = random.choice(("missing", "enum", "number", "null", "string"))
    words = [name for name in ("content", "evidence", "name") if name in item]
    if way == "missing":
        gone = random.choice(list(item))
        return {name: value for name, value in item.items() if name != gone}
    if way == "enum":
        closed = next((name for name in ("type", "kind") if name in item), None)
        return {**item, closed: MARKER} if closed else {**item, "cue": [MARKER]}
    if way == "number":
        return {**item, words[0]: random.randrange(100)}
    if way == "string":
        return {**item, "sentence": f"the {MARKER} one"}
    return None


def with_lies(reply: Reply, user: str, random: Random) -> tuple[Reply, set[str]]:
    """The reply with items that the article does not bear out among its own.

    Returns:
        The reply, and the strings in it that are altered from real ones. What is made up from nothing has `MARKER`.
    """
    lying: Reply = {kind: list(items) for kind, items in reply.items()}
    lies: set[str] = set()
    for kind, items in lying.items():
        number = items[0]["sentence"] if items else 1
        made_up = [_invented(kind, number, random)] if kind in _ANCHORS else []
        if items:
            for altered, lie in _altered(kind, random.choice(items), user, random):
                made_up.append(altered)
                lies.add(lie)
        for item in made_up:
            items.insert(random.randint(0, len(items)), item)
    return lying, lies


def _invented(kind: str, number: int, random: Random) -> Item:
    words = f"the {MARKER} {random.choice(('bridge', 'treaty', 'council'))} fell {random.randint(2, 99)} times"
    name = f"{MARKER} {random.choice(('Vane', 'Quill', 'Marsh'))}"
    if kind == "quotes":
        return {"sentence": number, "content": [words], "cue": "said", "speaker": name, "speaker_name": name}
    if kind == "entities":
        return {"sentence": number, "name": name, "type": "person", "forms": [name]}
    rest = {"kind": "quantity", "claimant": None, "claimant_name": name}
    return {"sentence": number, "evidence": [words], "text": f"{words}.", **rest}


def _altered(kind: str, item: Item, user: str, random: Random) -> list[tuple[Item, str]]:
    """Items that differ from a real one in a number, a negation or a name, each with the string that differs."""
    found: list[tuple[Item, str]] = []
    if kind == "entities":
        lie = f"{item['name'].split()[0]} {MARKER}"
        found.append(({**item, "name": lie, "forms": [lie]}, lie))
    elif kind == "quotes":
        found.extend(({**item, "content": [lie]}, lie) for lie in alterations(item["content"][0]))
        false = f"{MARKER} Vane"
        found.append(({**item, "speaker": false, "speaker_name": false}, false))
        found.append(({**item, "speaker_name": false}, false))
    elif kind == "claims":
        for lie in alterations(item["evidence"][0]):
            evidence = random.choice((lie, item["evidence"][0]))
            found.append(({**item, "evidence": [evidence], "text": f"{lie}."}, f"{lie}."))
    return [(altered, lie) for altered, lie in found if lie.strip(_ENDS) not in user]


def alterations(words: str) -> list[str]:
    """The words with another number, with a negation more or less, and with another name, as far as they have any."""
    found = [
        re.sub(r"\d+", lambda digits: str(int(digits[0]) + 7), words, count=1),
        re.sub(r"\b(is|was|were|are|will|has|have|had|can) (?!not )", r"\1 not ", words, count=1)
        if " not " not in words
        else words.replace(" not ", " ", 1),
        re.sub(rf"\b{_NAME}", f"{MARKER} Vane", words, count=1),
    ]
    return [altered for altered in found if altered != words]
