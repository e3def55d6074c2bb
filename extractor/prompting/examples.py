"""Few-shot examples: articles with the drafts that a model should have given, each looked up in its own text first."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from extractor.errors import GroundingError, PromptError
from extractor.grounding.ground import ground_draft
from extractor.kinds.kind import Drafted
from extractor.prompting.layout import lay_out
from extractor.prompting.templates import ExampleView, load_frame, newest, prompts_folder
from extractor.records.article import Article
from extractor.text.chunks import Chunk, split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.kinds.kind import Kind

SUFFIX = ".json"
NONE = "none"
_OF_THE_ARTICLE = frozenset({"text", "title", "published"})


@dataclass(frozen=True, eq=False)
class Example:
    """An example article with the drafts of each kind that it labels."""

    number: int
    chunk: Chunk
    items: Mapping[str, Sequence[Any]]
    """By the kind's plural name, as they stand in the file."""

    def check(self, kinds: Sequence[Kind[Any, Any]]) -> None:
        """Look every draft of these kinds up in the text. Raises `PromptError` naming what does not stand there."""
        for kind in kinds:
            seen: set[int] = set()
            for index, draft in enumerate(self._drafts(kind)):
                where = f"example {self.number}, {kind.name}[{index}]"
                try:
                    grounded = ground_draft(kind, Drafted(kind.name, draft), self.chunk, taken=frozenset(seen))
                except GroundingError as error:
                    raise PromptError(f"{where}: {error}") from None
                seen.update(span.start for span in kind.anchor(grounded.record))
                if grounded.absent:
                    field, detail = grounded.absent[0]
                    raise PromptError(f"{where}.{field}: {detail}")
                if getattr(grounded.record, "grounding", "exact") == "fuzzy":
                    raise PromptError(f"{where}: its words stand in the text only nearly")

    def view(self, kinds: Sequence[Kind[Any, Any]]) -> ExampleView | None:
        """The example as a template shows it, or None where it labels none of the kinds. Raises `PromptError`."""
        labelled = [kind for kind in kinds if kind.name in self.items]
        if not labelled:
            return None
        lists = []
        for kind in labelled:
            drafts = [json.dumps(draft.model_dump(mode="json"), ensure_ascii=False) for draft in self._drafts(kind)]
            lists.append(f'"{kind.name}": [' + ",\n".join(drafts) + "]")
        return ExampleView(
            article=load_frame("article").whole(**lay_out(self.chunk).variables()),
            reply="{" + ",\n".join(lists) + "}",
            missing=tuple(kind.name.replace("_", " ") for kind in kinds if kind.name not in self.items),
        )

    def _drafts(self, kind: Kind[Any, Any]) -> list[Any]:
        drafts = []
        for index, item in enumerate(self.items.get(kind.name, ())):
            try:
                drafts.append(kind.draft.model_validate(item))
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False, include_context=False)[0]
                field = ".".join(str(part) for part in first["loc"])
                where = f"example {self.number}, {kind.name}[{index}]" + (f".{field}" if field else "")
                raise PromptError(f"{where}: {first['msg']}") from None
        return drafts


@dataclass(frozen=True, eq=False)
class Examples:
    """The examples of a file."""

    name: str
    """Name and version ("examples.v1"), or the file name of a user's own."""
    digest: str
    """The start of the file's SHA-256."""
    examples: tuple[Example, ...] = ()


NO_EXAMPLES = Examples(NONE, "")


def load_examples(given: str | Path | None = None) -> Examples:
    """The examples that ship (None), none ("none"), or those in a file.

    A file is a JSON list of objects with the article's `text`, perhaps its `title` and `published`, and for
    each kind that it labels a list of drafts under the kind's name. Each text has to fit one chunk.

    Raises:
        PromptError: There is no such file, or it is not of this form.
    """
    if given == NONE:
        return NO_EXAMPLES
    if given is None:
        return _shipped()
    return _read(Path(given))


@lru_cache(maxsize=1)
def _shipped() -> Examples:
    folder = prompts_folder()
    name = newest("examples", [path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")])
    if name is None:
        raise PromptError("the few-shot examples are not installed", hint="install the package anew")
    return _read(folder / f"{name}{SUFFIX}")


def _read(path: Path) -> Examples:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PromptError(
            f"the examples {path} cannot be read: {(error.strerror or 'unknown error').lower()}",
            hint="give a JSON file, or none",
        ) from None
    try:
        entries = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise PromptError(f"the examples {path} are not JSON in UTF-8") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PromptError(f"the examples {path} are not a JSON list of objects")
    examples = tuple(_example(number, entry) for number, entry in enumerate(entries, 1))
    return Examples(path.name.removesuffix(SUFFIX), hashlib.sha256(raw).hexdigest()[:12], examples)


def _example(number: int, entry: Mapping[str, Any]) -> Example:
    text = entry.get("text")
    if not isinstance(text, str) or not text.strip():
        raise PromptError(f"example {number} has no text")
    for name in ("title", "published"):
        if not isinstance(entry.get(name), (str, type(None))):
            raise PromptError(f"example {number}: {name} is not a string")
    items = {name: value for name, value in entry.items() if name not in _OF_THE_ARTICLE}
    for name, value in items.items():
        if not isinstance(value, list):
            raise PromptError(f"example {number}: {name} is not a list")
    article = Article(id=f"example {number}", text=text, title=entry.get("title"), published=entry.get("published"))
    document = Document.of(article)
    chunks = split_chunks(document, chars=max(1, len(text)))
    if len(chunks) != 1:
        raise PromptError(f"example {number} has no sentences")
    return Example(number, chunks[0], items)
