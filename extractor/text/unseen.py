"""What a page holds and its reader does not see, by what the elements themselves say: cut out of the tree.

Style sheets are not read: whether a rule of theirs holds depends on the screen, on other rules and on scripts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

_NEVER_SHOWN = frozenset("template noscript noframes noembed iframe object canvas audio video datalist style".split())
_LINKED_DATA = "application/ld+json"
_ROOTS = frozenset(("html", "body"))
_DECLARATION = re.compile(r"([\w-]+)\s*:\s*([^;]*)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIZE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))\s*(%|[a-z]*)")
_CLIPPED = re.compile(r"rect\((?:0(?:px)?[\s,]*){4}\)|rect\((?:1px[\s,]*){4}\)|inset\((?:50|100)%\)|circle\(0")
_NAMED = {"white": "ffffff", "black": "000000", "transparent": "transparent"}
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:\s*[,/]\s*([\d.]+%?))?\s*\)")

_FAR = -500.0
"""Pixels, or any other unit, to the left or above, where nothing is on a screen any more."""
_LEAST_PIXELS = 1.0
"""A letter of at most so many pixels or points is not read by anybody."""


@dataclass(frozen=True)
class _Look:
    """What an element's text inherits."""

    visible: bool = True
    legible: bool = True
    """Whether its letters have a size."""
    color: str | None = None
    background: str | None = None

    @property
    def seen(self) -> bool:
        return self.visible and self.legible and self.color != "transparent" and not self.drowned

    @property
    def drowned(self) -> bool:
        """Whether it is written in the colour of its own background."""
        return self.color is not None and self.color == self.background


def remove_unseen(root: Any) -> None:
    """Cut out of an lxml tree what is not shown: comments, scripts, templates, hidden elements, invisible letters.

    What scripts say of the page itself as linked data stays, but for its copy of the article.
    """
    waiting: list[tuple[Any, _Look]] = [(root, _Look())]
    while waiting:
        element, look = waiting.pop()
        look = _looked(look, element)
        # It has been heeded: whoever reads the tree next would go by the words in it ("overflow: hidden").
        element.attrib.pop("style", None)
        kept: list[Any] = []
        # What stands behind an element that is cut belongs to the text before it; written once, as there may be many.
        texts: list[list[str]] = [[element.text or ""]]
        for child in list(element):
            tail = child.tail or ""
            if not isinstance(child.tag, str) or _is_cut(child):
                element.remove(child)
                texts[-1].append(tail)
            else:
                kept.append(child)
                texts.append([tail])
                waiting.append((child, look))
        joined = ["".join(parts) if look.seen else "" for parts in texts]
        element.text = joined[0] or None
        for child, tail in zip(kept, joined[1:], strict=True):
            child.tail = tail or None


def _is_cut(element: Any) -> bool:
    """Whether an element is not shown with all that it holds."""
    if element.tag == "script":
        if (element.get("type") or "").strip().lower() != _LINKED_DATA:
            return True
        # trafilatura falls back on a copy of the article that only machines see.
        element.text = (element.text or "").replace("articleBody", "unseenBody").replace("reviewBody", "unseenBody")
        return False
    if element.tag in _NEVER_SHOWN or (element.tag == "dialog" and element.get("open") is None):
        return True
    if element.tag in _ROOTS:
        return False  # A page that hides itself whole waits for a script to show it.
    style = _style(element)
    display = style.get("display")
    if display == "none" or (element.get("hidden") is not None and display is None):
        return True
    if style.get("content-visibility") == "hidden" or _number(style.get("opacity")) == 0:
        return True
    return _CLIPPED.match(style.get("clip") or style.get("clip-path") or "") is not None or _is_off_screen(style)


def _is_off_screen(style: dict[str, str]) -> bool:
    placed = style.get("position") in ("absolute", "fixed")
    names = ("left", "top", "text-indent", "margin-left") if placed else ("text-indent", "margin-left")
    return any((number := _number(style.get(name))) is not None and number <= _FAR for name in names)


def _looked(look: _Look, element: Any) -> _Look:
    """What the text of an element looks like, by its own style and by what it inherits."""
    style = _style(element)
    visibility = style.get("visibility")
    if visibility in ("hidden", "collapse", "visible"):
        look = replace(look, visible=visibility == "visible")
    size = style.get("font-size") or _size_of_font(style.get("font"))
    if size:
        look = replace(look, legible=_is_legible(size, inherited=look.legible))
    color, background = _color(style.get("color")), _color(style.get("background-color") or style.get("background"))
    if background not in (None, "transparent"):
        look = replace(look, background=background)
    elif any(style.get(name) for name in ("background", "background-image")) or element.get("class"):
        look = replace(look, background=None)  # A picture, or a style sheet's: what it shows is not known here.
    return replace(look, color=color or look.color)


def _is_legible(size: str, *, inherited: bool) -> bool:
    match = _SIZE.match(size)
    if match is None:
        return True  # A keyword.
    number, unit = float(match[1]), match[2]
    if unit in ("em", "%", "ex", "ch"):
        return inherited and number > 0
    return number > (_LEAST_PIXELS if unit in ("px", "pt") else 0)


def _size_of_font(font: str | None) -> str | None:
    """The size in the shorthand `font`, where it has one."""
    match = re.search(r"(?:^|\s)((?:\d+\.?\d*|\.\d+)(?:px|pt|em|rem|%)?)(?:/\S+)?\s+\S", font or "")
    # A bare number other than 0 is a weight.
    return match[1] if match and (not match[1].isdigit() or float(match[1]) == 0) else None


def _style(element: Any) -> dict[str, str]:
    """An element's own declarations; of a property that is declared twice, the later or the important one."""
    text = element.get("style")
    if not text:
        return _by_attributes(element)
    found = _by_attributes(element)
    important: set[str] = set()
    for name, value in _DECLARATION.findall(_COMMENT.sub("", text.lower())):
        plain, mark, _ = value.partition("!")
        if name in important and not mark:
            continue
        if mark:
            important.add(name)
        found[name] = plain.strip()
    return found


def _by_attributes(element: Any) -> dict[str, str]:
    """Colours as old pages give them."""
    named = {"color": element.get("color") if element.tag == "font" else None, "background": element.get("bgcolor")}
    return {name: value.strip().lower() for name, value in named.items() if value}


def _number(value: str | None) -> float | None:
    match = _SIZE.match(value or "")
    return float(match[1]) if match else None


def _color(value: str | None) -> str | None:
    """A colour as six hexadecimal digits or `transparent`; None where it is neither a digit's nor a known name's."""
    value = (value or "").strip()
    if value in _NAMED:
        return _NAMED[value]
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        return "".join(2 * digit for digit in value[1:])
    if re.fullmatch(r"#[0-9a-f]{6}", value):
        return value[1:]
    rgb = _RGB.match(value)
    if rgb is None:
        return None
    if rgb[4] is not None and float(rgb[4].rstrip("%")) == 0:
        return "transparent"
    return "".join(f"{min(int(part), 255):02x}" for part in rgb.groups()[:3])
