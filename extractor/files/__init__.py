"""Articles in (text, HTML, JSONL, folders, standard input), records out (JSON, JSONL, CSV)."""
