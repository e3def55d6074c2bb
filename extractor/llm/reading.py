"""A reply's text → the items that it lists. Tolerant of fences, thoughts and prose; of a broken reply, what is whole.

Live, recorded and batched replies, of every mode, are read here.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from extractor.errors import ReplyMalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Control characters inside strings are not JSON, but models write them.
_DECODER = json.JSONDecoder(strict=False)
_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_THOUGHT_END = re.compile(r"</think(?:ing)?>")
_BETWEEN = re.compile(r"[\s,]*")
_NEXT_ITEM = re.compile(r"\}\s*,\s*(?=\{)")
_SURROGATE = re.compile("[\ud800-\udfff]")
RECORD = "\x1e"
"""Stands between the parts of a reply that came in several tool calls, as in a sequence of JSON texts (RFC 7464)."""
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
    """The kinds whose list came to its end unbroken; all of them in a reply that is whole."""
    breaks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Of each other kind, the indices before which something of its list is lost; its length where the end is."""


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
    parts = [part for part in text.split(RECORD) if part.strip()]
    read = [found for part in parts if (found := _read(part, names)) is not None]
    if not read:
        raise ReplyMalformedError("the reply is empty" if not parts else "the reply is not of the form asked for")
    if len(read) < len(parts):
        # Of a call that cannot be read nobody knows what it held.
        read.append(_broken({name: [] for name in names}, frozenset(), {}))
    return read[0] if len(read) == 1 else _joined(read, names)


def _read(text: str, names: Sequence[str]) -> Items | None:
    # An article about such tags may have them inside a string: none of what begins as JSON is thought, of what begins
    # as thought the first end counts, and last comes the text as it is.
    plain, begun = text.lstrip().startswith(("{", "[", "```")), _THOUGHT.match(text)
    answer = _THOUGHT_END.split(text)[-1]
    candidates = (text,) if plain else (text[begun.end() :], answer, text) if begun else (answer, text)
    for candidate in dict.fromkeys(candidates):
        budget = _Budget(_WORK * len(candidate))
        found = _whole(candidate, names, budget) or _salvaged(candidate, names, budget)
        if found is not None:
            return found
    return None


def _joined(read: Sequence[Items], names: Sequence[str]) -> Items:
    """The items of several tool calls, as if one had listed them all."""
    lists: dict[str, list[Any]] = {name: [] for name in names}
    breaks: dict[str, tuple[int, ...]] = {}
    for items in read:
        for name in names:
            behind = len(lists[name])
            breaks[name] = (*breaks.get(name, ()), *(behind + index for index in items.breaks.get(name, ())))
            lists[name].extend(items.lists.get(name, ()))
    return Items(
        lists,
        frozenset(name for name in names if not breaks[name]),
        {name: found for name, found in breaks.items() if found},
    )


def _broken(lists: Mapping[str, list[Any]], whole: frozenset[str], breaks: Mapping[str, list[int]]) -> Items:
    """The items of a broken reply; a list that never began is lost from its beginning."""
    return Items(
        lists, whole, {name: tuple(breaks.get(name) or [len(lists[name])]) for name in lists if name not in whole}
    )


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
    """The last JSON object in the text that has one of the lists, an empty one only where there is no other.

    What stands before it is thought, and one with nothing in it may be an echo.
    """
    stripped = text.strip()
    decoded = budget.decode(stripped, 0) if stripped else None
    if decoded is not None and decoded[1] == len(stripped):
        value = decoded[0]
        if isinstance(value, str):
            # Some models write their JSON as a JSON string.
            inner = budget.decode(value.strip(), 0)
            value = inner[0] if inner else None
        if isinstance(value, list) and len(names) == 1:
            value = {names[0]: value}
        return _lists(value, names)
    found: Items | None = None
    at = text.find("{")
    while at >= 0:
        decoded = budget.decode(text, at)
        if decoded is not None:
            lists = _lists(decoded[0], names)
            if lists is not None and (found is None or any(lists.lists.values())):
                found = lists
        at = text.find("{", at + 1 if decoded is None else decoded[1])
    return found


def _lists(value: Any, names: Sequence[str], *, wrapped: bool = True) -> Items | None:
    if not isinstance(value, dict):
        return None
    known = {key.casefold(): key for key in value if isinstance(key, str)}
    value = {name: value[known[name.casefold()]] for name in names if name.casefold() in known} or value
    if not any(isinstance(_unquoted(value.get(name)), (list, dict)) for name in names) and not _all_null(value, names):
        # Some models wrap the object that was asked for into one of their own.
        inner = [_lists(part, names, wrapped=False) for part in value.values()] if wrapped else []
        return next((found for found in inner if found is not None), None)
    return Items({name: _listed(_sendable(_unquoted(value.get(name)))) for name in names}, frozenset(names))


def _unquoted(value: Any) -> Any:
    """The list that a string holds as JSON, as some models write the arguments of a tool."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            return _DECODER.decode(value)
    return value


def _all_null(value: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Whether an object has every list, and null in place of each: there is nothing of any kind."""
    return all(name in value and value[name] is None for name in names)


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
    breaks: dict[str, list[int]] = {name: [] for name in names}
    whole: set[str] = set()
    behind = 0
    begins.sort()
    for index, (begin, name) in enumerate(begins):
        if begin < behind or name in whole:
            continue
        limit = begins[index + 1][0] if index + 1 < len(begins) else len(text)
        behind = _walk(text, begin, limit, lists[name], breaks[name], budget)
        if not breaks[name]:
            whole.add(name)
    return _broken({name: _sendable(items) for name, items in lists.items()}, frozenset(whole), breaks)


def _walk(text: str, at: int, limit: int, items: list[Any], breaks: list[int], budget: _Budget) -> int:
    """Collect the items of a list and the indices where it is broken; return where it ends.

    Behind a broken item it goes on with the next one before `limit`, where another list begins.
    """
    while True:
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
        if at < len(text) and text[at] == "]":
            return at + 1
        decoded = budget.decode(text, at) if at < len(text) else None
        if decoded is not None:
            items.append(decoded[0])
            at = decoded[1]
            continue
        if not breaks or breaks[-1] != len(items):
            breaks.append(len(items))
        following = _NEXT_ITEM.search(text, at, limit) if at < len(text) else None
        if following is None:
            return at
        at = following.end()


def _sendable(value: Any, depth: int = _DEPTH) -> Any:
    """The value without lone surrogates, which no file can hold, and without more depth than any item has."""
    if isinstance(value, str):
        # An ASCII string has none, and says so at once.
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, (list, dict)) and not depth:
        return None
    if isinstance(value, list):
        return [_sendable(part, depth - 1) for part in value]
    if isinstance(value, dict):
        return {
            key if key.isascii() else _sendable(key): part
            # Most parts are of these kinds: looked at here, they cost no call.
            if part is None or (isinstance(part, (str, int)) and (isinstance(part, int) or part.isascii()))
            else _sendable(part, depth - 1)
            for key, part in value.items()
        }
    return value
