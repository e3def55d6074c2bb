"""Prompt templates: found by name and version, or at a path of the user's own, and rendered in a sandbox.

The templates that ship lie in the top-level folder `prompts/` of a checkout and inside the package in a wheel. A
*frame* has two Jinja blocks, `system` and `user`; it includes the task template of each kind that is asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import PromptError
from extractor.prompting.layout import NumberedSentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jinja2 import Environment, Template

    from extractor.kinds.kind import Kind

_PACKAGE = Path(__file__).resolve().parents[1]
_VERSIONED = re.compile(r"(?P<name>.+)\.v(?P<version>\d+)\Z")
SUFFIX = ".j2"


def prompts_folder() -> Path:
    """The folder of the templates that ship. Raises `PromptError` where the installation lacks it."""
    for folder in (_PACKAGE / "prompts", _PACKAGE.parent / "prompts"):
        if any(folder.glob(f"all.v*{SUFFIX}")):
            return folder
    raise PromptError("the prompt templates are not installed", hint="install the package anew")


def known_templates(folder: Path | None = None) -> tuple[str, ...]:
    """Name and version of each template that ships ("quotes.v1"), sorted."""
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in (folder or prompts_folder()).glob(f"*{SUFFIX}")))


def newest(name: str, names: Sequence[str], *, most: int | None = None) -> str | None:
    """Of versioned names, the one asked for: itself, or the highest version, `most` at most, of a name without one."""
    if name in names:
        return name
    versions = [
        (int(match["version"]), known)
        for known in names
        if (match := _VERSIONED.match(known))
        and match["name"] == name
        and (most is None or int(match["version"]) <= most)
    ]
    return max(versions)[1] if versions else None


def is_path(prompt: str | Path) -> bool:
    """Whether a prompt is given as the path of a file and not by name."""
    separators = {"/", os.sep}
    return isinstance(prompt, Path) or prompt.endswith(SUFFIX) or any(mark in prompt for mark in separators)


@dataclass(frozen=True)
class FieldView:
    """A field of a draft as templates show it."""

    name: str
    type: str
    """Its type in words ("list of strings", "string or null")."""
    description: str


@dataclass(frozen=True)
class KindView:
    """A kind as templates show it."""

    name: str
    """Under which the reply lists it."""
    singular: str
    title: str
    """Its name in words."""
    template: str
    """File of its task template."""
    description: str
    """The draft model's docstring."""
    fields: tuple[FieldView, ...]
    located: tuple[str, ...]
    """Names of the fields whose words are copied from the article."""


@dataclass(frozen=True)
class ExampleView:
    """A few-shot example as templates show it."""

    article: str
    """Its text in the layout of a request."""
    reply: str
    """The reply to give, as JSON."""
    missing: tuple[str, ...] = ()
    """Titles of kinds asked for that the example does not label."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A template with a system and a user message. Made by `load_frame`."""

    name: str
    """Name and version ("all.v1"), or the file name of a user's own."""
    environment: Environment = field(repr=False)
    file: str = field(repr=False)
    """What the environment knows it by."""
    standard: str = field(repr=False)
    """File of the frame that gives the blocks that this one lacks."""
    _view: Callable[[Kind[Any, Any]], KindView] = field(repr=False)

    def kind_views(self, kinds: Sequence[Kind[Any, Any]]) -> tuple[KindView, ...]:
        """The kinds as the templates show them. Raises `PromptError` for an unknown task template."""
        return tuple(self._view(kind) for kind in kinds)

    def system(self, kinds: Sequence[Kind[Any, Any]], **variables: Any) -> str:
        """The system message: what is the same for every chunk. Raises `PromptError`."""
        views = self.kind_views(kinds)
        if not {"system", "user"} & set(self._blocks):
            return self.whole(kinds=views, **variables)
        return self._block("system", {"kinds": views, **variables})

    def user(self, kinds: Sequence[Kind[Any, Any]], **variables: Any) -> str:
        """The user message: the article. Raises `PromptError`."""
        return self._block("user", {"kinds": self.kind_views(kinds), **variables})

    def whole(self, **variables: Any) -> str:
        """All of the template, whatever its blocks. Raises `PromptError`."""
        return self._rendered(lambda template: template.render(variables)).strip()

    def sources(self, kinds: Sequence[Kind[Any, Any]]) -> dict[str, str]:
        """Each template that has a part in this frame's prompts, with the start of its source's SHA-256."""
        loader = self.environment.loader
        assert loader is not None  # noqa: S101 - for the type checker
        waiting = [self.file, *(view.template for view in self.kind_views(kinds))]
        if not {"system", "user"} <= set(self._blocks):
            waiting.append(self.standard)
        digests: dict[str, str] = {}
        seen: set[str] = set()
        while waiting:
            file = waiting.pop()
            if file in seen:
                continue
            seen.add(file)
            with _template_errors(self.name):
                source, _, _ = loader.get_source(self.environment, file)
                waiting.extend(_references(self.environment, source))
            name = self.name if file == self.file else Path(file).name.removesuffix(SUFFIX)
            digests[name] = hashlib.sha256(source.encode()).hexdigest()[:12]
        return dict(sorted(digests.items()))

    @cached_property
    def _blocks(self) -> dict[str, list[Any]]:
        """The frame's blocks, each with those that it overrides behind it, as `super()` wants them."""
        return self._blocks_of(self.file)

    def _blocks_of(self, file: str | None) -> dict[str, list[Any]]:
        from jinja2 import nodes

        blocks: dict[str, list[Any]] = {}
        seen = []
        while file is not None:
            if file in seen:
                raise PromptError(f"the template {file} extends itself")
            seen.append(file)
            with _template_errors(self.name):
                for name, block in self.environment.get_template(file).blocks.items():
                    blocks.setdefault(name, []).append(block)
                loader = self.environment.loader
                assert loader is not None  # noqa: S101 - for the type checker
                tree = self.environment.parse(loader.get_source(self.environment, file)[0])
            extends = tree.find(nodes.Extends)
            if extends is None:
                file = None
            elif isinstance(extends.template, nodes.Const):
                file = str(extends.template.value)
            else:
                raise PromptError(f"the template {self.name} extends one that it does not name")
        return blocks

    def _block(self, name: str, variables: Mapping[str, Any]) -> str:
        blocks = self._blocks
        if name not in blocks:
            blocks = self._blocks_of(self.standard)

        def render(template: Template) -> str:
            context = template.new_context(dict(variables))
            context.blocks = blocks
            return "".join(blocks[name][0](context))

        return self._rendered(render).strip()

    def _rendered(self, render: Callable[[Template], str]) -> str:
        with _template_errors(self.name):
            return render(self.environment.get_template(self.file))


def load_frame(prompt: str | Path = "all") -> Frame:
    """The frame of that name ("all", "all.v1"), or at that path. The newest of a name without a version.

    A file of the user's own may include or extend the templates that ship, and files beside it. A block that it
    lacks is taken from the standard frame; without blocks, all of it is the system message.

    Raises:
        PromptError: There is no such template, or it is not one; the message names the known ones.
    """
    from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound
    from jinja2.loaders import split_template_path
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    shipped = prompts_folder()
    names = known_templates(shipped)
    own = _own_file(prompt) if is_path(prompt) else None

    class Loader(BaseLoader):
        def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
            del environment
            if own is not None and template == own.name:
                return _read(own), template, lambda: True
            known = newest(template.removesuffix(SUFFIX), names)
            if known is not None:
                return _read(shipped / f"{known}{SUFFIX}"), template, lambda: True
            if own is not None:
                beside = own.parent.joinpath(*split_template_path(template))
                if beside.is_file():
                    return _read(beside), template, lambda: True
            raise TemplateNotFound(template)

    class Sandbox(ImmutableSandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            # A few look-ups for each sentence: what the sandbox would say of these objects is known beforehand.
            if type(obj) in (NumberedSentence, LoopContext) and not attribute.startswith("_"):
                value = getattr(obj, attribute, None)
                if value is not None:
                    return value
            return super().getattr(obj, attribute)

    environment = Sandbox(
        loader=Loader(),
        undefined=StrictUndefined,
        autoescape=False,  # Prompts are no HTML.
        # A line that holds only a tag leaves no trace, so a template can be laid out to be read.
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    standard = f"{newest('all', names)}{SUFFIX}"

    frame = newest(str(prompt), names) if own is None else None
    versioned = _VERSIONED.match(frame) if frame is not None else None
    version = int(versioned["version"]) if versioned else None

    @lru_cache(maxsize=256)
    def view(kind: Kind[Any, Any]) -> KindView:
        # A frame stays with the tasks that were there when it was made: what comes later does not change its prompts.
        known = newest(kind.template, names, most=version) or newest(kind.template, names)
        if known is None:
            raise _unknown(kind.template, names)
        return _kind_view(kind, f"{known}{SUFFIX}")

    if own is not None:
        return _checked(Frame(own.name, environment, own.name, standard, view))
    if frame is None:
        raise _unknown(str(prompt), names)
    return _checked(Frame(frame, environment, f"{frame}{SUFFIX}", standard, view))


def _checked(frame: Frame) -> Frame:
    with _template_errors(frame.name):
        frame.environment.get_template(frame.file)
    return frame


def _own_file(prompt: str | Path) -> Path:
    path = Path(prompt)
    if path.is_file():
        return path
    raise PromptError(
        f"there is no prompt template {prompt}",
        hint=f"give a file, or one of {', '.join(known_templates())} (the version may be left out)",
    )


def _unknown(name: str, names: Sequence[str]) -> PromptError:
    return PromptError(
        f"there is no prompt template {name!r}",
        hint=f"the known ones are {', '.join(names)} (the version may be left out), or give a file's path",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PromptError(f"the prompt template {path} is not UTF-8 text") from None
    except OSError as error:
        raise PromptError(f"the prompt template {path} cannot be read: {error.strerror}") from None


def _references(environment: Environment, source: str) -> list[str]:
    from jinja2 import meta

    # What is included by a variable (a kind's task template) has no name here; the caller knows it.
    return [name for name in meta.find_referenced_templates(environment.parse(source)) if name is not None]


@contextmanager
def _template_errors(name: str) -> Iterator[None]:
    """Say in one line what is wrong with a template; what it was given stays out of the message."""
    import jinja2

    try:
        yield
    except PromptError:
        raise
    except jinja2.TemplateNotFound as error:
        raise PromptError(
            f"the prompt template {name} includes {error.name!r}, which does not exist",
            hint=f"the known ones are {', '.join(known_templates())}",
        ) from None
    except jinja2.TemplateSyntaxError as error:
        raise PromptError(f"the prompt template {error.name or name}, line {error.lineno}: {error.message}") from None
    except jinja2.UndefinedError as error:
        raise PromptError(
            f"the prompt template {name} uses a variable that it is not given: {error.message}",
            hint="the system block knows kinds and examples; the user block also nonce, title, published, before, "
            "paragraphs and after",
        ) from None
    except Exception as error:  # noqa: BLE001 - a template may raise anything
        raise PromptError(f"the prompt template {name} fails: {type(error).__name__}") from None


def _kind_view(kind: Kind[Any, Any], template: str) -> KindView:
    from extractor.prompting.reply_form import closed

    schema = closed(kind.draft.model_json_schema())
    definitions = schema.get("$defs", {})
    return KindView(
        name=kind.name,
        singular=kind.singular,
        title=kind.name.replace("_", " "),
        template=template,
        description=" ".join((kind.draft.__doc__ or "").split()).rstrip("."),
        fields=tuple(
            FieldView(name, _type_in_words(part, definitions), str(part.get("description", "")))
            for name, part in schema["properties"].items()
        ),
        located=tuple(located.name for located in kind.located),
    )


def _type_in_words(schema: Mapping[str, Any], definitions: Mapping[str, Any], plural: bool = False) -> str:
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].removeprefix("#/$defs/"), {})
    if "anyOf" in schema:
        return " or ".join(_type_in_words(part, definitions, plural) for part in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type", "value")
    if kind == "array":
        return f"list{'s' if plural else ''} of {_type_in_words(schema.get('items', {}), definitions, plural=True)}"
    if kind == "object" and "properties" in schema:
        return f"object{'s' if plural else ''} with {', '.join(schema['properties'])}"
    return f"{kind}s" if plural else str(kind)
