"""Marks the string fields of a draft whose words have to stand in the article."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from extractor.errors import UnknownKindError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel


Outside = Literal["no", "first", "yes"]


@dataclass(frozen=True)
class Located:
    """Annotation of a draft's string field: its words are the article's own.

    The first such field of a model is its anchor: it is looked for in the sentence that the draft names. The
    others are taken where they stand nearest to the anchor.
    """

    outside: Outside = "no"
    """`yes`: it may not stand inside the anchor (a cue is no part of the content that it reports); `first`: it is
    looked for outside first (a claim's evidence may name who makes it)."""
    every: bool = False
    """It stands wherever its words do, not at one place (the forms of a name)."""


Verbatim = Annotated[str, Located()]
"""A string field whose words are the article's own. Also inside: `Verbatim | None`, `list[Verbatim]`."""


@dataclass(frozen=True)
class LocatedField:
    """A field that `Located` marks."""

    name: str
    outside: Outside
    every: bool
    optional: bool
    """Without it the item still stands."""
    many: bool
    """It is a list of strings."""


def _markers(annotation: Any) -> Iterator[Located]:
    for argument in getattr(annotation, "__metadata__", ()):
        if isinstance(argument, Located):
            yield argument
    for argument in get_args(annotation):
        yield from _markers(argument)


def located_fields(model: type[BaseModel]) -> tuple[LocatedField, ...]:
    """The fields of a model that are marked `Located`, in the order of their declaration."""
    found = []
    for name, field in model.model_fields.items():
        markers = [m for m in field.metadata if isinstance(m, Located)] or list(_markers(field.annotation))
        if not markers:
            continue
        arguments = get_args(field.annotation)
        many = any(getattr(part, "__origin__", part) in (list, tuple) for part in (field.annotation, *arguments))
        optional = NoneType in arguments or not field.is_required()
        found.append(LocatedField(name, markers[0].outside, markers[0].every, optional, many))
    return tuple(found)


def refuse_unreachable(model: type[BaseModel]) -> None:
    """Refuse a model with a `Located` string where it is not looked for: in a nested model, or in a mapping.

    Raises:
        UnknownKindError: naming the field.
    """
    for name, field in model.model_fields.items():
        plain = bool(field.metadata) or _is_plain(field.annotation)
        if (any(True for _ in _markers(field.annotation)) and not plain) or any(
            located_fields(nested) for nested in _models(field.annotation, {model})
        ):
            raise UnknownKindError(
                f"{model.__name__}.{name} has words of the article where they are not looked for",
                hint="Verbatim, Verbatim | None and list[Verbatim] stand in the kind's own model, not in one inside it",
            )


def _is_plain(annotation: Any) -> bool:
    """Whether an annotation is a string, an optional one, or a list of strings."""
    parts = [part for part in get_args(annotation) if part is not NoneType] if get_args(annotation) else []
    if getattr(annotation, "__metadata__", None) or annotation is str:
        return True
    if getattr(annotation, "__origin__", None) in (list, tuple):
        return all(_is_plain(part) or part is Ellipsis for part in parts)
    return bool(parts) and getattr(annotation, "__origin__", None) is not dict and all(_is_plain(p) for p in parts)


def _models(annotation: Any, seen: set[Any]) -> Iterator[type[BaseModel]]:
    """The pydantic models inside an annotation, at any depth, each once."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and hasattr(part, "model_fields") and part not in seen:
            seen.add(part)
            yield part
            for field in part.model_fields.values():
                yield from _models(field.annotation, seen)
        elif part is not annotation:
            yield from _models(part, seen)
