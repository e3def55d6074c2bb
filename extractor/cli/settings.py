"""The settings of `extract`: from flags, else from `EXTRACTOR_*`, else from extractor.toml, else defaults."""

import difflib
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from extractor.cli.options import Format, InputFormat, Mode, OnChange
from extractor.errors import UsageError
from extractor.llm.limits import Limits
from extractor.llm.reply_store import Replies

CONFIG = "extractor.toml"


@dataclass(frozen=True)
class Settings:
    """What can be set by flag, environment or file. A field's name is its key in extractor.toml."""

    model: str = "offline"
    only: str | None = None
    """Kinds, separated by commas."""
    format: Format | None = None
    prompt: str = "all"
    examples: str | None = None
    mode: Mode | None = None
    per_kind: bool = False
    chunk_chars: int | None = None
    max_repairs: int = 2
    concurrency: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_cost: float | None = None
    """In US dollars."""
    token_budget: int | None = None
    timeout: float = 120.0
    """In seconds."""
    cache: bool = True
    refresh: bool = False
    record: str | None = None
    replay: str | None = None
    base_url: str | None = None
    limit: int | None = None
    text_field: str = "text"
    id_field: str = "id"
    input_format: InputFormat | None = None
    on_change: OnChange = "stop"
    workers: int | None = None
    """One for each core if None."""
    max_article_chars: int = 1_000_000
    quiet: bool = False

    def __post_init__(self) -> None:
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:  # NaN is not at least anything either.
                raise UsageError(f"{_flag(name)} is {value}, and has to be at least {least}")
        for one, other in _APART:
            if getattr(self, one) not in (None, False) and getattr(self, other) not in (None, False):
                raise UsageError(f"{_flag(one)} and {_flag(other)} cannot go together")
        if self.record is not None and not self.cache:
            raise UsageError("--record and --no-cache cannot go together")

    @property
    def limits(self) -> Limits:
        """What may be asked in a minute, and in all."""
        from extractor.llm.limits import Limits

        return Limits(
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            max_cost=self.max_cost,
            token_budget=self.token_budget,
        )

    @property
    def replies(self) -> Replies:
        """Where a model's replies are kept, and which are taken from there."""
        from extractor.llm.reply_store import Replies

        if self.replay is not None:
            return Replies("replay", self.replay)
        if not self.cache:
            return Replies("off")
        return Replies("refresh" if self.refresh else "cache", self.record)

    @property
    def kinds(self) -> list[str] | None:
        """The kinds asked for, or None for all."""
        if self.only is None:
            return None
        return [name.strip() for name in self.only.split(",") if name.strip()]


_AT_LEAST = {
    "chunk_chars": 1,
    "max_repairs": 0,
    "concurrency": 1,
    "requests_per_minute": 0.001,
    "tokens_per_minute": 1,
    "max_cost": 0.000001,
    "token_budget": 1,
    "timeout": 0.001,
    "limit": 1,
    "workers": 1,
    "max_article_chars": 1,
}
_APART = (("replay", "record"), ("replay", "refresh"))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def settings_from(given: Mapping[str, Any], config: Mapping[str, Any]) -> Settings:
    """The settings that a call amounts to.

    Args:
        given: From flags and environment, by field name; None where neither says anything.
        config: From extractor.toml, by field name.

    Raises:
        UsageError: A number is out of its range.
    """
    said = {name: value for name, value in given.items() if value is not None}
    return Settings(**{**config, **said})


def read_config(path: Path | None = None) -> dict[str, Any]:
    """The settings in extractor.toml, by field name; none where there is no such file.

    Args:
        path: The file; unless given, extractor.toml in the working folder.

    Raises:
        UsageError: It cannot be read, is not TOML, or has a key or a value that means nothing here.
    """
    path = Path(CONFIG) if path is None else path
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    hints = {field.name: field.type for field in fields(Settings)}
    return {_known(key, path): _checked(value, key, hints[_known(key, path)], path) for key, value in table.items()}


def _known(key: str, path: Path) -> str:
    name = key.replace("-", "_")
    names = [field.name for field in fields(Settings)]
    if name in names:
        return name
    if "key" in name:
        hint = "API keys are read from the environment only"
    else:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(names)}"
    raise UsageError(f"{path}: unknown key {key!r}", hint=hint)


def _checked(value: Any, key: str, hint: Any, path: Path) -> Any:
    """The value, if it is what the field holds."""
    if key == "only" and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    wanted = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    for part in wanted:
        if get_origin(part) is Literal:
            if value in get_args(part):
                return value
        elif part is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        elif type(value) is part:
            return value
    raise UsageError(f"{path}: {key} is not {' or '.join(_named(part) for part in wanted if part is not type(None))}")


def _named(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(get_args(hint))
    return {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}[hint]
