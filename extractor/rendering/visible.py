"""Hostile text made harmless to show: what would act on a terminal, or hide, is written out."""

from __future__ import annotations

import re

# Controls (C0, DEL, C1), line and paragraph separators, lone surrogates, embeddings and overrides of writing
# direction with their isolates, invisible operators, annotations, tag characters; of several variation selectors in
# a row, which spell hidden words, all but the first. Joiners, soft hyphens and the plain direction marks stay: real
# words of real languages need them, and they change nothing but their neighbours.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u206f\u200b\u2060-\u2064\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e00ff]|(?<=[\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_SPACE = re.compile(r"[ \t\r\n\x0b\x0c\x85\u2028\u2029]+")


def visible(text: str) -> str:
    """The text with every control, override and invisible character written out: `␛` for ESC, `<U+202E>` for others."""
    return _HIDDEN.sub(_written_out, text)


def one_line(text: str) -> str:
    """The text on one line, white space run together, and otherwise `visible`."""
    return visible(_SPACE.sub(" ", text).strip())


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"<U+{code:04X}>"
