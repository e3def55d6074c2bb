"""An extraction for people to read: on a terminal, as Markdown."""
