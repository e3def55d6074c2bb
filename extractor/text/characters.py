"""Which characters are quotation marks, apostrophes, line breaks, or not seen at all."""

from __future__ import annotations

DOUBLE_MARKS = '"“”„‟«»‹›「」『』〝〞〟＂'
SINGLE_MARKS = "'‘’‚‛`´＇"
QUOTATION_MARKS = DOUBLE_MARKS + SINGLE_MARKS

LINE_BREAK = r"(?:[\n\r\x0b\x0c\x85\u2028\u2029](?:(?<=\r)\n)?)"
"""A pattern of what ends a line, CRLF as one. It begins with a set of characters, which is searched for fast."""

INVISIBLE = (
    "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d"
    "\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
"""Soft hyphen, zero-width characters, joiners, and marks of writing direction."""


def without_spaces(character: str) -> bool:
    """Whether its script puts no spaces between words (Han, Kana, Thai, Lao, Khmer, Burmese)."""
    code = ord(character)
    return (
        0x0E00 <= code <= 0x0EFF
        or 0x1000 <= code <= 0x109F
        or 0x1780 <= code <= 0x17FF
        or 0x3040 <= code <= 0x30FF
        or 0x3400 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
    )
