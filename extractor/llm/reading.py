"""A reply's text → the items that it lists. Tolerant of fences, thoughts and prose; of a broken reply, what is whole.

Live, recorded and batched replies, of every mode, are read here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extractor.errors import ReplyMalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Control characters inside strings are not JSON, but models write them.
_DECODER = json.JSONDecoder(strict=False)
_THOUGHT_END = re.compile(r"</think(?:ing)?>")
_BETWEEN = re.compile(r"[\s,]*")
_NEXT_ITEM = re.compile(r"\}\s*,\s*(?=\{)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEPTH = 16
"""Levels of lists and objects in an item; what lies deeper is nothing that was asked for."""
_WORK = 16
"""Characters that may be decoded for each character of a reply: bounds what a broken or hostile one costs."""


@dataclass(frozen=True)
class Items:
    """What a reply lists."""

    lists: Mapping[str, list[Any]]
    """By kind, in the order asked for; unchecked."""
    whole: frozenset[str]
    """The kinds whose list came to its end; all of them in a reply that is whole."""


def read_items(text: str, names: Sequence[str]) -> Items:
    """The items in a reply.

    A kind that a whole reply leaves out has an empty list. Of a reply that breaks off, or that breaks the rules of
    JSON, every item that is whole is there.

    Args:
        text: The reply.
        names: The kinds' names, under which it lists their items.

    Raises:
        ReplyMalformedError: It holds no list of any of them.
    """
    answer = _THOUGHT_END.split(text)[-1]
    # An article about such tags may have them inside a string: then the text as a whole is what can be read.
    for candidate in dict.fromkeys((answer, text)):
        budget = _Budget(_WORK * len(candidate))
        found = _whole(candidate, names, budget) or _salvaged(candidate, names, budget)
        if found is not None:
            return found
    raise ReplyMalformedError("the reply is empty" if not text.strip() else "the reply is not of the form asked for")


class _Budget:
    def __init__(self, characters: int) -> None:
        self.left = characters

    def decode(self, text: str, start: int) -> tuple[Any, int] | None:
        """The JSON value that begins at `start` and where it ends, or None."""
        if self.left <= 0:
            return None
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            # A decoder that fails may have looked at all the rest.
            self.left -= len(text) - start
            return None
        self.left -= end - start
        return value, end


def _whole(text: str, names: Sequence[str], budget: _Budget) -> Items | None:
    """The last JSON object in the text that has one of the lists: what stands before it is thought or echo."""
    stripped = text.strip()
    decoded = budget.decode(stripped, 0) if stripped else None
    if decoded is not None and decoded[1] == len(stripped):
        value = decoded[0]
        if isinstance(value, list) and len(names) == 1:
            value = {names[0]: value}
        return _lists(value, names)
    found: Items | None = None
    at = text.find("{")
    while at >= 0:
        decoded = budget.decode(text, at)
        if decoded is not None:
            found = _lists(decoded[0], names) or found
        at = text.find("{", at + 1 if decoded is None else decoded[1])
    return found


def _lists(value: Any, names: Sequence[str], *, wrapped: bool = True) -> Items | None:
    if not isinstance(value, dict):
        return None
    known = {key.casefold(): key for key in value if isinstance(key, str)}
    value = {name: value[known[name.casefold()]] for name in names if name.casefold() in known} or value
    if not any(isinstance(value.get(name), (list, dict)) for name in names):
        # Some models wrap the object that was asked for into one of their own.
        inner = [_lists(part, names, wrapped=False) for part in value.values()] if wrapped else []
        return next((found for found in inner if found is not None), None)
    return Items({name: _listed(_sendable(value.get(name))) for name in names}, frozenset(names))


def _listed(value: Any) -> list[Any]:
    """The items of a list, of an object of items under keys of its own, or the one item that stands for a list."""
    if isinstance(value, dict):
        inner = list(value.values())
        return inner if inner and all(isinstance(part, dict) for part in inner) else [value]
    return value if isinstance(value, list) else []


def _salvaged(text: str, names: Sequence[str], budget: _Budget) -> Items | None:
    """The items of a reply that breaks off, or that is broken somewhere."""
    begins = [(match.end(), name) for name in names for match in re.finditer(rf'"{re.escape(name)}"\s*:\s*\[', text)]
    if not begins:
        return None
    lists: dict[str, list[Any]] = {name: [] for name in names}
    whole: set[str] = set()
    behind = 0
    begins.sort()
    for index, (begin, name) in enumerate(begins):
        if begin < behind or name in whole:
            continue
        limit = begins[index + 1][0] if index + 1 < len(begins) else len(text)
        behind, unbroken = _walk(text, begin, limit, lists[name], budget)
        if unbroken:
            whole.add(name)
    if not any(lists.values()) and not whole:
        # It broke off inside the very first item: there is a form, only nothing in it.
        return Items(lists, frozenset())
    return Items({name: _sendable(items) for name, items in lists.items()}, frozenset(whole))


def _walk(text: str, at: int, limit: int, items: list[Any], budget: _Budget) -> tuple[int, bool]:
    """Collect the items of a list; where it ends, and whether it came there unbroken.

    Behind a broken item it goes on with the next one before `limit`, where another list begins.
    """
    unbroken = True
    while True:
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
        if at >= len(text):
            return at, False
        if text[at] == "]":
            return at + 1, unbroken
        decoded = budget.decode(text, at)
        if decoded is not None:
            items.append(decoded[0])
            at = decoded[1]
            continue
        unbroken = False
        following = _NEXT_ITEM.search(text, at, limit)
        if following is None:
            return at, False
        at = following.end()


def _sendable(value: Any, depth: int = _DEPTH) -> Any:
    """The value without lone surrogates, which no file can hold, and without more depth than any item has."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, (list, dict)) and not depth:
        return None
    if isinstance(value, list):
        return [_sendable(part, depth - 1) for part in value]
    if isinstance(value, dict):
        return {_sendable(key): _sendable(part, depth - 1) for key, part in value.items()}
    return value
