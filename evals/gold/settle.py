"""Two annotators' labels of an article → their differences, numbered; and with a decision on each, the settled gold.

    python evals/gold/settle.py differences ID     what the two differ in, for whoever settles it
    python evals/gold/settle.py build              the four JSON Lines files here, from the labels

What both annotators have is taken as it is; of a claim that both have (same evidence, kind and claimant) the first
one's wording. Each difference is decided in `labels/ID.settled.json`: `"take": "a"`, `"b"` or `"none"`, fields of the
other's item by name (`"speaker": "b"`), and why. A difference without a decision is an error.
"""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.errors import SourceError
from extractor.evaluation.gold import Labelled, labelled
from extractor.evaluation.labels import Placing, read_labels
from extractor.evaluation.metrics.claims import alike_texts
from extractor.evaluation.metrics.scored import Contents
from extractor.evaluation.pairing import pair
from extractor.records.article import Article
from extractor.text.document import Document

HERE = Path(__file__).parent
ANNOTATORS = ("a", "b")
SCHEMA = "../../schemas/gold.json"
FIELDS = {"quotes": ("spans", "kind", "cue", "speaker"), "claims": ("evidence", "kind", "text", "claimant", "quote")}
Record = dict[str, Any]


@dataclass
class Difference:
    """One thing that the two annotators do not agree in."""

    kind: str
    a: Any
    b: Any
    what: str
    """What they differ in, in words."""


@dataclass
class Settling:
    """The settling of one article; `differences` come in an order that only the labels decide."""

    name: str
    decisions: dict[int, Record] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.article, self.properties = read_article(self.name)
        self.document = Document.of(self.article)
        self.records = {who: placed(self.name, who) for who in ANNOTATORS}
        self.contents = Contents(labelled(self.records["a"]))

    def decide(self, difference: Difference, default: str) -> Record:
        """The decision on a difference; while they are listed there is none, and `default` is taken."""
        self.differences.append(difference)
        return self.decisions.get(len(self.differences), {"take": default})

    def gold(self) -> Record:
        """The settled record."""
        entities, of_entity = self._entities()
        quotes, of_quote = self._items("quotes", of_entity, {})
        claims, _ = self._items("claims", of_entity, of_quote)
        for number, entity in enumerate(entities, start=1):
            entity["id"] = f"e{number}"
        ids = {id(entity): entity["id"] for entity in entities}
        names = {id(entity): entity["name"] for entity in entities}
        for number, quote in enumerate(quotes, start=1):
            quote["id"] = f"q{number}"
        quote_ids = {id(quote): quote["id"] for quote in quotes}
        for number, claim in enumerate(claims, start=1):
            claim["id"] = f"c{number}"
            claim["quote"] = quote_ids.get(id(claim["quote"]))
            claim["entities"] = [
                entity["id"]
                for entity in entities
                if any(
                    span["start"] <= m["start"] and m["end"] <= span["end"]
                    for m in entity["mentions"]
                    for span in claim["evidence"]
                )
            ]
        for item, key in [*((q, "speaker") for q in quotes), *((c, "claimant") for c in claims)]:
            source = item[key]
            if source is not None:
                entity, name = source.pop("settled"), source["name"]
                mention = source["mention"]
                source["entity"] = ids.get(id(entity))
                unnamed = mention["text"] if mention else name
                source["name"] = names[id(entity)] if entity is not None else unnamed
        record: Record = {
            "article": self.article.model_dump(exclude_none=True),
            "entities": entities,
            "quotes": [ordered(one, ("id", "kind", "text", "spans", "cue", "speaker", "sentence")) for one in quotes],
            "claims": [
                ordered(one, ("id", "kind", "text", "evidence", "claimant", "quote", "entities", "sentence"))
                for one in claims
            ],
            "properties": self.properties,
        }
        return record

    def _entities(self) -> tuple[list[Record], dict[tuple[str, str], Record]]:
        ours, theirs = (self.records[who]["entities"] for who in ANNOTATORS)
        shared = {
            (i, j): len(spans_of(a) & spans_of(b))
            for i, a in enumerate(ours)
            for j, b in enumerate(theirs)
            if spans_of(a) & spans_of(b)
        }
        partner: dict[int, int] = {}
        for (i, j), _ in sorted(shared.items(), key=lambda one: (-one[1], one[0])):
            if i not in partner and j not in partner.values():
                partner[i] = j
        settled: list[Record] = []
        of_entity: dict[tuple[str, str], Record] = {}
        taken: dict[tuple[int, int], Record] = {}

        def add(entity: Record, mentions: set[tuple[int, int]]) -> None:
            for mention in mentions:
                if mention in taken:
                    taken[mention]["spans"].discard(mention)
                taken[mention] = entity
            entity["spans"] = set(mentions)
            settled.append(entity)

        everyone = {who: {m for e in self.records[who]["entities"] for m in spans_of(e)} for who in ANNOTATORS}
        for i, a in enumerate(ours):
            if i not in partner:
                continue
            b = theirs[partner[i]]
            entity = {"type": a["type"], "name": a["name"]}
            for key in ("type", "name"):
                if a[key] != b[key]:
                    choice = self.decide(Difference("entities", a, b, f"{key}: {a[key]!r} or {b[key]!r}"), "a")
                    entity[key] = a[key] if choice["take"] == "a" else b[key]
            mentions = spans_of(a) & spans_of(b)
            only_a, only_b = sorted(spans_of(a) - spans_of(b)), sorted(spans_of(b) - spans_of(a))
            for mention in list(only_a):
                other = next((m for m in only_b if m[0] < mention[1] and mention[0] < m[1]), None)
                if other is not None:
                    only_a.remove(mention)
                    only_b.remove(other)
                    choice = self.decide(
                        Difference(
                            "entities", self.shown(mention), self.shown(other), f"ends of a mention of {a['name']!r}"
                        ),
                        "a",
                    )
                    mentions |= {"a": {mention}, "b": {other}}.get(choice["take"], set())
            for who, left in (("a", only_a), ("b", only_b)):
                for mention in left:
                    elsewhere = mention in everyone["b" if who == "a" else "a"]
                    what = f"only {who} has this mention of {a['name']!r}" + (
                        " (the other has it as a mention of another entity)" if elsewhere else ""
                    )
                    sides = (self.shown(mention), None) if who == "a" else (None, self.shown(mention))
                    if self.decide(Difference("entities", *sides, what), who)["take"] == who:
                        mentions.add(mention)
            add(entity, mentions)
            of_entity["a", a["id"]] = of_entity["b", b["id"]] = entity
        lone = [("a", e) for i, e in enumerate(ours) if i not in partner]
        lone += [("b", e) for j, e in enumerate(theirs) if j not in partner.values()]
        for who, one in lone:
            inside = sorted({e["name"] for e in settled if e["spans"] & spans_of(one)})
            what = f"only {who} has the entity {one['name']!r} ({one['type']})" + (
                f", whose mentions the other gives to {', '.join(inside)}" if inside else ""
            )
            places = [self.shown(mention) for mention in sorted(spans_of(one))]
            sides = (places, None) if who == "a" else (None, places)
            if self.decide(Difference("entities", *sides, what), who)["take"] == who:
                entity = {"type": one["type"], "name": one["name"]}
                add(entity, spans_of(one))
                of_entity[who, one["id"]] = entity
            elif inside:
                of_entity[who, one["id"]] = next(e for e in settled if e["name"] == inside[0])
        finished = []
        for entity in settled:
            spans = sorted(entity.pop("spans"))
            if not spans:
                continue
            texts = [self.article.text[start:end] for start, end in spans]
            if entity["name"] not in texts:
                entity["name"] = max(texts, key=len)
            entity["aliases"] = [text for text in dict.fromkeys(texts) if text != entity["name"]]
            entity["mentions"] = [self.span(span) for span in spans]
            finished.append(entity)
        finished.sort(key=lambda one: one["mentions"][0]["start"])
        alive = {id(one) for one in finished}
        keys = ("id", "type", "name", "aliases", "mentions")
        for one in finished:
            reordered = {key: one.get(key, "") for key in keys}
            one.clear()
            one.update(reordered)
        return finished, {key: one for key, one in of_entity.items() if id(one) in alive}

    def _items(
        self, kind: str, of_entity: dict[tuple[str, str], Record], of_quote: dict[tuple[str, str], Record]
    ) -> tuple[list[Record], dict[tuple[str, str], Record]]:
        where = FIELDS[kind][0]
        who_key = "speaker" if kind == "quotes" else "claimant"
        sides = {who: self.records[who][kind] for who in ANNOTATORS}
        read: dict[str, Labelled] = {who: labelled(self.records[who]) for who in ANNOTATORS}
        contents = {who: [self.contents.of(getattr(x, where)) for x in getattr(read[who], kind)] for who in ANNOTATORS}

        def alike(g: int, p: int) -> float:
            a, b = sides["a"][g], sides["b"][p]
            same = mention_of(a[who_key]) == mention_of(b[who_key])
            return (alike_texts(a["text"], b["text"]) + same) / 2

        pairs = {one.gold: one.predicted for one in pair(contents["a"], contents["b"], 0.3, agreement=alike)}
        settled: list[Record] = []
        of_item: dict[tuple[str, str], Record] = {}

        def value(who: str, item: Record, key: str) -> Any:
            if key == who_key and item[key] is not None:
                return {**item[key], "settled": of_entity.get((who, item[key]["entity"] or ""))}
            if key == "quote":
                return of_quote.get((who, item[key] or ""))
            return item[key]

        def take(choice: Record, a: Record | None, b: Record | None) -> None:
            base = choice["take"]
            if base == "none":
                return
            items = {"a": a, "b": b}
            chosen = items[base]
            if chosen is None:
                raise SourceError(f"{self.name}: {base} has nothing to take")
            found: Record = {"text": chosen["text"], "sentence": chosen["sentence"]}
            for key in FIELDS[kind]:
                who = choice.get(key, base)
                source = items[who]
                found[key] = value(who, source, key) if source is not None else value(base, chosen, key)
            if kind == "quotes":
                found["text"] = " ".join(span["text"] for span in found["spans"])
            found["sentence"] = self.document.sentence_at(found[where][0]["start"]).number
            settled.append(found)
            for who, item in items.items():
                if item is not None:
                    of_item[who, item["id"]] = found

        for i, a in enumerate(sides["a"]):
            if i in pairs:
                b = sides["b"][pairs[i]]
                wrong = []
                if contents["a"][i] != contents["b"][pairs[i]]:
                    wrong.append(where)
                wrong += [key for key in ("kind",) if a[key] != b[key]]
                if kind == "quotes" and mention_of({"mention": a["cue"]}) != mention_of({"mention": b["cue"]}):
                    wrong.append("cue")
                one, other = value("a", a, who_key), value("b", b, who_key)
                if mention_of(one) != mention_of(other) or (one and one["settled"]) is not (other and other["settled"]):
                    wrong.append(who_key)
                if kind == "claims" and value("a", a, "quote") is not value("b", b, "quote"):
                    wrong.append("quote")
                if wrong:
                    take(self.decide(Difference(kind, a, b, ", ".join(wrong)), "a"), a, b)
                else:
                    take({"take": "a"}, a, b)
            else:
                take(self.decide(Difference(kind, a, None, "only a"), "a"), a, None)
        for j, b in enumerate(sides["b"]):
            if j not in pairs.values():
                take(self.decide(Difference(kind, None, b, "only b"), "b"), None, b)
        settled.sort(key=lambda one: ([(s["start"], s["end"]) for s in one[where]], one["text"]))
        return settled, of_item

    def span(self, stretch: tuple[int, int]) -> Record:
        """A stretch as a record has it."""
        return {"start": stretch[0], "end": stretch[1], "text": self.article.text[stretch[0] : stretch[1]]}

    def shown(self, stretch: tuple[int, int]) -> str:
        """A mention for whoever settles: its words and its sentence."""
        sentence = self.document.sentence_at(stretch[0])
        return f"{self.article.text[stretch[0] : stretch[1]]!r} in sentence {sentence.number}"


def spans_of(entity: Record) -> set[tuple[int, int]]:
    """An entity's mentions as stretches."""
    return {(span["start"], span["end"]) for span in entity["mentions"]}


def mention_of(source: Record | None) -> tuple[int, int] | None:
    """Where a source (or a cue) is mentioned."""
    mention = source["mention"] if source else None
    return (mention["start"], mention["end"]) if mention else None


def ordered(item: Record, keys: tuple[str, ...]) -> Record:
    """The same with its keys in an order."""
    return {key: item[key] for key in keys}


def read_article(name: str) -> tuple[Article, Record]:
    """An article and its properties."""
    text = (HERE / "articles" / f"{name}.txt").read_bytes().decode("utf-8")
    about = tomllib.loads((HERE / "articles" / f"{name}.toml").read_text(encoding="utf-8"))
    article = Article(
        id=name,
        text=text,
        title=about.get("title"),
        source=about.get("source"),
        byline=about.get("byline"),
        published=str(about["published"]) if "published" in about else None,
        language="en",
    )
    return article, {"part": about["part"], "genre": about["genre"], "features": about["features"]}


def placed(name: str, who: str) -> Record:
    """One annotator's labels, placed. Raises SourceError where one of them cannot be."""
    article, properties = read_article(name)
    path = HERE / "labels" / f"{name}.{who}.json"
    placing = Placing(article, read_labels(path.read_text(encoding="utf-8"), path.name))
    record = placing.gold(properties)
    if placing.faults:
        raise SourceError(f"{path.name}: {placing.faults[0]}")
    return record


def settle(name: str) -> Record:
    """An article's settled gold. Raises SourceError where a difference is not decided, or a decision is of none."""
    path = HERE / "labels" / f"{name}.settled.json"
    decisions = {one["n"]: one for one in json.loads(path.read_text(encoding="utf-8"))}
    settling = Settling(name, decisions)
    record = settling.gold()
    wanted = set(range(1, len(settling.differences) + 1))
    if set(decisions) != wanted:
        raise SourceError(
            f"{path.name}: differences {sorted(wanted ^ set(decisions))[:9]} are not decided, or are none"
        )
    return record


def list_differences(name: str) -> str:
    """What two annotators differ in, numbered, for whoever settles it."""
    settling = Settling(name)
    settling.gold()
    lines = []
    for number, one in enumerate(settling.differences, start=1):
        lines.append(f"[{number}] {one.kind}: {one.what}")
        for who, side in (("a", one.a), ("b", one.b)):
            if side is not None:
                lines.append(f"    {who}: {shown_item(side, settling.document)}")
    return "\n".join(lines) + "\n"


def shown_item(item: Any, document: Document) -> str:
    """An item on a line."""
    if isinstance(item, str):
        return item
    if isinstance(item, list):
        return "; ".join(item)
    if "mentions" in item:
        return f"{item['name']!r}, {item['type']}"
    spans = item.get("spans") or item["evidence"]
    words = " … ".join(f"“{span['text']}”" for span in spans)
    source = item.get("speaker") if "spans" in item else item["claimant"]
    mention = source["mention"]["text"] if source and source["mention"] else None
    who = "no source" if source is None else f"{source['name']} (as {mention!r})"
    cue = f"; cue {item['cue']['text']!r}" if item.get("cue") else "; no cue" if "cue" in item else ""
    text = f"{item['text']!r} <- " if "evidence" in item else ""
    quote = f"; in quote {item['quote']}" if item.get("quote") else ""
    number = document.sentence_at(spans[0]["start"]).number
    return f"sentence {number}; {item['kind']}; {text}{words}; {who}{cue}{quote}"


def names() -> list[str]:
    """The articles that are settled, in order."""
    return sorted(path.name.removesuffix(".settled.json") for path in (HERE / "labels").glob("*.settled.json"))


def build() -> dict[str, str]:
    """File name → content of everything that is made from the label files."""
    found: dict[str, list[Record]] = {
        "dev.jsonl": [],
        "test.jsonl": [],
        "annotator-a.jsonl": [],
        "annotator-b.jsonl": [],
    }
    for name in names():
        record = settle(name)
        found[f"{record['properties']['part']}.jsonl"].append(record)
        for who in ANNOTATORS:
            found[f"annotator-{who}.jsonl"].append(placed(name, who))
    return {
        file: "".join(json.dumps({"$schema": SCHEMA, **one}, ensure_ascii=False) + "\n" for one in records)
        for file, records in found.items()
    }


def main(arguments: list[str]) -> int:
    """Run one of the two commands."""
    if arguments[:1] == ["differences"] and len(arguments) == 2:
        sys.stdout.write(list_differences(arguments[1]))
        return 0
    if arguments == ["build"]:
        for file, content in build().items():
            (HERE / file).write_text(content, encoding="utf-8", newline="\n")
            print(f"{file}: {content.count(chr(10))} articles")
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
