"""The same articles through langextract, in its own way: `python evals/prompts/langextract_peer.py GOLD DESK`.

Its own prompt and chunks (a buffer of 1,000 characters, its default), three classes with attributes, and one good
example: the article and the labels of the example that ships here, in its form. The task is described in the words of
our own templates, as far as its form allows (`langextract_task.txt`). Needs langextract; the server is
`OPENAI_BASE_URL`, and DESK the folder in which it files requests and replies. What comes out is kept under
`evals/recordings/langextract/`: predictions that `extractor evaluate --predictions` reads, and each request's reply and
tokens. Pieces of a quote that it marks as going on are joined, quotes are direct, mixed or indirect by the marks that
stand there, as ours are, and each name is an entity with the mentions that it gave. What it could not align is left
out, as it has no place.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import langextract
from langextract.data import ExampleData, Extraction

from extractor.kinds.quote import quote_kind
from extractor.llm.tokens import count_tokens
from extractor.prompting.examples import load_examples
from extractor.records.article import Article
from extractor.records.span import Span
from extractor.text.document import Document

OUT = Path(__file__).parents[1] / "recordings" / "langextract"
TASK = (Path(__file__).parent / "langextract_task.txt").read_text(encoding="utf-8").strip()


def example() -> ExampleData:
    """The example that ships, in langextract's form."""
    shipped = load_examples().examples[0]
    text = shipped.chunk.document.text
    found: list[tuple[int, Extraction]] = []

    def add(kind: str, string: str, near: int, attributes: dict[str, str]) -> None:
        at = text.find(string, near)
        found.append((at if at >= 0 else text.index(string), Extraction(kind, string, attributes=attributes)))

    def start(number: int) -> int:
        sentence = shipped.chunk.document.sentence(number)
        return sentence.start if sentence is not None else 0

    for item in shipped.items["entities"]:
        name, places = item["forms"][0], dict[int, str]()
        for form in item["forms"]:
            at = text.find(form)
            while at >= 0:
                if not any(place <= at < place + len(other) for place, other in places.items()):
                    places[at] = form
                at = text.find(form, at + 1)
        for at, form in places.items():
            add("entity", form, at, {"type": item["type"], "name": name})
    for item in shipped.items["quotes"]:
        attributes = {name: item[name] or "" for name in ("cue", "speaker", "speaker_name")}
        for index, piece in enumerate(item["content"]):
            add("quote", piece, start(item["sentence"]), attributes | ({"continues": "yes"} if index else {}))
    for item in shipped.items["claims"]:
        attributes = {"text": item["text"], "kind": item["kind"], "claimant": item["claimant"] or ""}
        add("claim", item["evidence"][-1], start(item["sentence"]), attributes)
    return ExampleData(text, [extraction for _, extraction in sorted(found, key=lambda pair: pair[0])])


def record(article: dict[str, Any], extractions: list[Extraction]) -> dict[str, Any]:
    """A prediction in the form of gold."""
    text = article["text"]
    entities: dict[tuple[str, str], list[dict[str, Any]]] = {}
    quotes: list[dict[str, Any]] = []
    claims: list[dict[str, Any]] = []

    def span(start: int, end: int) -> dict[str, Any]:
        return {"start": start, "end": end, "text": text[start:end]}

    def source(mention: str, name: str, near: int) -> dict[str, Any] | None:
        places = [at for at in range(len(text)) if mention and text.startswith(mention, at)]
        if not places:
            return None
        at = min(places, key=lambda place: abs(place - near))
        return {"name": name or mention, "mention": span(at, at + len(mention))}

    for extraction in extractions:
        place = extraction.char_interval
        if place is None or place.start_pos is None or place.end_pos is None:
            continue
        here = span(place.start_pos, place.end_pos)
        attributes = {key: value for key, value in (extraction.attributes or {}).items() if isinstance(value, str)}
        if extraction.extraction_class == "entity":
            key = (attributes.get("name") or here["text"], attributes.get("type", ""))
            entities.setdefault(key, []).append(here)
        elif extraction.extraction_class == "quote":
            if attributes.get("continues") and quotes:
                quotes[-1]["spans"].append(here)
                continue
            who = source(attributes.get("speaker", ""), attributes.get("speaker_name", ""), here["start"])
            cue = source(attributes.get("cue", ""), "", here["start"])
            quotes.append({"spans": [here], "speaker": who, "cue": cue and cue["mention"]})
        elif extraction.extraction_class == "claim":
            who = source(attributes.get("claimant", ""), "", here["start"])
            claim = {"evidence": [here], "text": attributes.get("text", ""), "claimant": who}
            claims.append(claim | {"kind": attributes.get("kind", "event")})
    document = Document.of(Article(id=article["id"], text=text))
    for quote in quotes:
        quote["kind"] = quote_kind(tuple(Span.of(text, one["start"], one["end"]) for one in quote["spans"]), document)
    return {
        "article": article,
        "entities": [
            {"type": type_, "name": name, "mentions": sorted(mentions, key=lambda one: one["start"])}
            for (name, type_), mentions in entities.items()
        ],
        "quotes": quotes,
        "claims": claims,
    }


def replies(desk: Path, articles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each request about these articles: its tokens, how many of them stand in all requests alike, and its reply."""
    rows = []
    for request in sorted((desk / "requests").glob("*.json")):
        body = json.loads(request.read_text(encoding="utf-8"))
        prompt = "\n".join(message["content"] for message in body["messages"])
        shared, _, rest = prompt.rpartition("\nQ: ")
        chunk = rest.rpartition("\nA:")[0].strip()
        about = [article["id"] for article in articles if chunk in article["text"]]
        if not about:
            continue
        reply = (desk / "replies" / request.name).read_text(encoding="utf-8")
        tokens = {"shared": count_tokens(shared), "article": count_tokens(rest), "completion": count_tokens(reply)}
        rows.append({"article": about[0], "tokens": tokens, "text": reply})
    return rows


def main() -> int:
    """Read the articles of gold with langextract, and keep what it finds and what it asked."""
    gold, desk = Path(sys.argv[1]), Path(sys.argv[2])
    articles = [json.loads(line)["article"] for line in gold.read_text(encoding="utf-8").splitlines()]
    results = langextract.extract(
        [langextract.data.Document(article["text"], document_id=article["id"]) for article in articles],
        prompt_description=TASK,
        examples=[example()],
        model_id="gpt-4o-mini",  # It knows providers by the names of their models.
        api_key=os.environ.get("OPENAI_API_KEY", "none"),
        language_model_params={"base_url": os.environ["OPENAI_BASE_URL"]},
        max_workers=100,
        batch_length=100,
        show_progress=False,
    )
    lines, nowhere, all_ = [], 0, 0
    for article, result in zip(articles, results, strict=True):
        found = result.extractions or []
        all_ += len(found)
        nowhere += sum(one.char_interval is None for one in found)
        lines.append(record({"id": article["id"], "text": article["text"]}, found))
    OUT.mkdir(exist_ok=True)
    for name, rows in (("predictions", lines), ("replies", replies(desk, articles))):
        content = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        (OUT / f"{name}.jsonl").write_text(content, encoding="utf-8")
    sys.stdout.write(f"{all_} extractions, {nowhere} of them without a place\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
