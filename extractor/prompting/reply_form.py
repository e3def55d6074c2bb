"""The form of a reply: one list for each kind asked for, closed as strict JSON Schema modes want it."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, create_model

if TYPE_CHECKING:
    from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode


class Listed(Protocol):
    """What a reply lists: a kind of items to extract, or what else is asked. Hashable."""

    @property
    def name(self) -> str:
        """Under which the reply lists them."""
        ...

    @property
    def draft(self) -> type[BaseModel]:
        """The form of one."""
        ...


class ReplyForm(BaseModel):
    """What a model is asked to fill in."""

    @classmethod
    def model_json_schema(
        cls,
        by_alias: bool | None = True,
        ref_template: str = "#/$defs/{model}",
        schema_generator: type[GenerateJsonSchema] | None = None,
        mode: JsonSchemaMode = "validation",
        *,
        union_format: Any = "any_of",
    ) -> dict[str, Any]:
        """The closed JSON Schema, a fresh copy: whoever asks may change it."""
        return copy.deepcopy(_schema_of(cls))


@lru_cache(maxsize=256)
def _schema_of(form: type[ReplyForm]) -> dict[str, Any]:
    schema = closed(super(ReplyForm, form).model_json_schema())
    # A tool is called by its title.
    return {"title": "Reply", **schema}


@lru_cache(maxsize=256)
def reply_form(kinds: tuple[Listed, ...]) -> type[ReplyForm]:
    """The pydantic model with a required list of drafts for each kind, under the kind's name."""
    fields: dict[str, Any] = {kind.name: (list[kind.draft], ...) for kind in kinds}  # type: ignore[name-defined]
    return create_model("Reply", __base__=ReplyForm, __doc__="What the article holds.", **fields)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema with nothing left open: every property required, no others allowed.

    Titles and defaults are dropped. A reference that carries a description becomes what it refers to, since
    strict modes allow nothing beside a reference.
    """
    definitions = schema.get("$defs", {})
    shut = _closed(schema, definitions, ())
    assert isinstance(shut, dict)  # noqa: S101 - for the type checker
    used = _references(shut)
    if "$defs" in shut:
        shut["$defs"] = {name: part for name, part in shut["$defs"].items() if name in used}
        if not shut["$defs"]:
            del shut["$defs"]
    return shut


def _closed(node: Any, definitions: dict[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_closed(part, definitions, inside) for part in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get("$ref", "")).removeprefix("#/$defs/")
    if len(node) > 1 and name in definitions and name not in inside:
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _closed({**definitions[name], **beside}, definitions, (*inside, name))
    shut: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("title", "default"):
            continue
        if key in ("properties", "$defs") and isinstance(value, dict):
            shut[key] = {field: _closed(part, definitions, inside) for field, part in value.items()}
        elif key in ("enum", "const", "required", "examples"):
            shut[key] = value
        else:
            shut[key] = _closed(value, definitions, inside)
    if isinstance(node.get("properties"), dict):
        shut["required"] = list(node["properties"])
        shut["additionalProperties"] = False
    return shut


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for part in node for name in _references(part)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].removeprefix("#/$defs/")} if isinstance(node.get("$ref"), str) else set()
    return own | {name for part in node.values() for name in _references(part)}


def is_strict(schema: Any) -> bool:
    """Whether a closed schema has only what OpenAI's strict mode takes: no open objects, `oneOf` or free values."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if "oneOf" in schema or "allOf" in schema or "patternProperties" in schema or "prefixItems" in schema:
        return False
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return False
    if schema.get("type") == "array" and "items" not in schema:
        return False
    for group in ("properties", "$defs"):
        for part in schema.get(group, {}).values():
            if not ({"type", "anyOf", "$ref", "enum", "const"} & set(part)) or not is_strict(part):
                return False
    return all(is_strict(part) for key, part in schema.items() if key in ("items", "anyOf"))
