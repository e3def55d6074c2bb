"""What the command line says to people: one line each, on standard error."""

from __future__ import annotations

import sys


def say(message: str, hint: str | None = None) -> None:
    """Print `extractor: message (hint)`, whatever the two hold, as one harmless line."""
    from extractor.rendering.visible import one_line

    line = f"extractor: {message}" + (f" ({hint})" if hint else "")
    if sys.stderr is None:
        return  # Closed: there is nobody to tell.
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    # A name in another encoding than the terminal's must not become an error of its own.
    sys.stderr.write(one_line(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stderr.flush()
