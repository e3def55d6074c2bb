"""The kinds that ship, and how a call names the ones it wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extractor.errors import UnknownKindError
from extractor.kinds.claim import CLAIM
from extractor.kinds.entity import ENTITY
from extractor.kinds.kind import Kind, kind_of
from extractor.kinds.quote import QUOTE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

KINDS: tuple[Kind[Any, Any], ...] = (ENTITY, QUOTE, CLAIM)


def kinds_named(
    wanted: Iterable[str | type[BaseModel] | Kind[Any, Any]] | None,
) -> tuple[Kind[Any, Any], ...]:
    """The kinds that a call asks for: names ("quotes"), pydantic models or declarations; None asks for all that ship.

    Those that ship come first, in the order of `KINDS`, each once. Raises `UnknownKindError`.
    """
    if wanted is None:
        return KINDS
    chosen: dict[str, Kind[Any, Any]] = {}
    known = {name: kind for kind in KINDS for name in (kind.name, kind.singular)}
    for want in wanted:
        if isinstance(want, Kind):
            kind = want
        elif isinstance(want, str):
            if want not in known:
                names = ", ".join(kind.name for kind in KINDS)
                raise UnknownKindError(f"there is no kind {want!r}", hint=f"the kinds are {names}")
            kind = known[want]
        else:
            kind = kind_of(want)
        if kind.name in chosen and chosen[kind.name] is not kind:
            raise UnknownKindError(f"two kinds are called {kind.name!r}", hint="rename one of the models")
        chosen[kind.name] = kind
    if not chosen:
        raise UnknownKindError("no kind was asked for", hint="name at least one, or leave the choice out for all")
    order = [kind.name for kind in KINDS]
    return tuple(sorted(chosen.values(), key=lambda kind: order.index(kind.name) if kind.name in order else len(order)))
