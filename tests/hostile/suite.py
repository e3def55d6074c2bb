"""Reads the hostile articles: what each says, what a model that obeys it replies, and what may never be reported."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from extractor.records.article import Article
from extractor.text.clean import clean_page
from extractor.text.document import Document

FOLDER = Path(__file__).parent / "articles"
LONG = 20_000
"""Characters that the word in `long` is repeated to."""

Items = dict[str, list[Any]]


@dataclass(frozen=True, eq=False)
class Hostile:
    """One file of the suite."""

    name: str
    data: dict[str, Any]

    @property
    def attacks(self) -> list[str]:
        """The classes that it belongs to."""
        return list(self.data["attacks"])

    @property
    def lies(self) -> list[str]:
        """What may be in no reported field."""
        return list(self.data["lies"])

    @property
    def page(self) -> str | None:
        """The HTML of a page; None of a plain text."""
        page: str | None = self.data.get("page")
        return page

    @cached_property
    def article(self) -> Article:
        """The article, a page's as it is read."""
        fields = {name: self.data.get(name) for name in ("title", "published", "byline", "url", "language")}
        if self.page is None:
            word = self.data.get("long", "")
            text = self.data["text"].replace("{LONG}", word * (LONG // len(word)) if word else "{LONG}")
        else:
            page = clean_page(self.page)
            text, fields = page.text, {name: getattr(page, name) for name in fields}
        return Article(id=self.data.get("id", self.name), text=text.strip("\n"), **fields)

    @cached_property
    def honest(self) -> Items:
        """What the article says: to be reported whatever else is in the reply."""
        return self._items(self.data["honest"])

    @property
    def replies(self) -> list[str]:
        """The compromised replies, each with the honest items in it unless it is `raw` without them.

        A lie that none of them tells is told by the last that is not raw, as a quote of the first person.
        """
        told = json.dumps(self.data["obeys"], ensure_ascii=False)
        speaker = self.data["honest"]["entities"][0][0]
        untold = [self._quote(lie, "said", speaker, speaker) for lie in self.lies if lie not in told]
        last = max(index for index, obeyed in enumerate(self.data["obeys"]) if "raw" not in obeyed)
        return [self._reply(obeyed, untold if at == last else []) for at, obeyed in enumerate(self.data["obeys"])]

    @property
    def keeps_honest(self) -> list[bool]:
        """Of each reply, whether the honest items are in it."""
        return ["HONEST" in obeyed.get("raw", "HONEST") for obeyed in self.data["obeys"]]

    def _reply(self, obeyed: dict[str, Any], untold: list[Any]) -> str:
        if "raw" not in obeyed:
            items = self._items(obeyed)
            items["quotes"] += untold
            return json.dumps({name: self.honest[name] + items[name] for name in items}, ensure_ascii=False)
        raw: str = obeyed["raw"]
        return raw.replace("HONEST", json.dumps(self.honest, ensure_ascii=False))

    def _items(self, rows: dict[str, Any]) -> Items:
        return {
            "entities": [
                {"sentence": self._number(name), "name": name, "type": type_, "forms": [name, *forms]}
                for name, type_, *forms in rows.get("entities", [])
            ],
            "quotes": [self._quote(*row) for row in rows.get("quotes", [])],
            "claims": [self._claim(*row) for row in rows.get("claims", [])],
        }

    def _quote(self, content: str | list[str], cue: str, speaker: str, name: str) -> dict[str, Any]:
        parts = [content] if isinstance(content, str) else content
        return {
            "sentence": self._number(parts[0]),
            "content": parts,
            "cue": cue or None,
            "speaker": speaker or None,
            "speaker_name": name or None,
        }

    def _claim(self, evidence: str, text: str, kind: str, claimant: str = "", name: str = "") -> dict[str, Any]:
        return {
            "sentence": self._number(evidence),
            "evidence": [evidence],
            "text": text,
            "kind": kind,
            "claimant": claimant or None,
            "claimant_name": name or None,
        }

    def _number(self, words: str) -> int:
        """The number of the sentence in which words first stand; 1 where they stand in none."""
        at = self.article.text.find(words)
        return self._document.sentence_at(at).number if at >= 0 else 1

    @cached_property
    def _document(self) -> Document:
        return Document.of(self.article)


def load() -> list[Hostile]:
    """All of them, by name."""
    return [
        Hostile(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.toml"))
    ]
