"""An evaluation as one HTML page: scores, quality against cost, and every wrong item in its sentence.

The page needs no network and runs no script: what is shown is chosen by check boxes and style rules. All text is
escaped, and what would hide or act is written out.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from extractor.evaluation.suite import headlines
from extractor.records.article import Article
from extractor.rendering.report import f1_cell, metric_title, totals_line
from extractor.rendering.visible import visible
from extractor.text.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from extractor.evaluation.gold import Labelled
    from extractor.evaluation.metrics.scored import Finding
    from extractor.evaluation.suite import Detailed, Evaluation, Totals

OUTCOMES = {
    "miss": "missed",
    "spurious": "spurious",
    "boundary": "boundary",
    "type": "wrong type",
    "kind": "wrong kind",
    "speaker": "wrong speaker",
    "claimant": "wrong claimant",
    "unentailed": "not entailed",
    "dependent": "not self-contained",
    "compound": "not atomic",
    "uncovered": "not covered",
}
KINDS = ("quotes", "claims", "entities")
_SHOWN_AROUND = 240
"""Characters of an item's sentences that are shown on either side of it."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence, and what it is there."""

    text: str
    role: str
    """"content", "cue", "who", or "" for what stands around."""


@dataclass(frozen=True)
class Row:
    """One finding: gold's reading of the sentence above the prediction's."""

    kind: str
    outcomes: tuple[str, ...]
    gold: list[Piece] | None
    gold_note: str
    predicted: list[Piece] | None
    predicted_note: str
    sentence: int


def render_page(detailed: Detailed) -> str:
    """The page."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"title_of": metric_title, "cell": f1_cell, "line": totals_line, "visible": visible}
    template = environment.from_string(
        files("extractor").joinpath("rendering/report_page.html.j2").read_text(encoding="utf-8")
    )
    evaluation = detailed.evaluation
    metrics = list(dict.fromkeys(name for system in evaluation.systems for name in system.scores))
    documents = {key: Document.of(Article(id=key, text=article.text)) for key, article in detailed.articles.items()}
    browsers = []
    for system in evaluation.systems:
        articles = []
        for key, findings in detailed.findings.get(system.name, {}).items():
            rows = [_row(one, documents[key]) for one in findings]
            if rows:
                articles.append((key, _title(detailed.articles[key]), sorted(rows, key=lambda row: row.sentence)))
        browsers.append((system, articles))
    return template.render(
        evaluation=evaluation,
        metrics=metrics,
        headlines=list(dict.fromkeys(name for system in evaluation.systems for name in headlines(system))),
        browsers=browsers,
        outcomes=OUTCOMES,
        kinds=KINDS,
        chart=_chart(evaluation),
    )


def _title(article: Labelled) -> str:
    return article.article.title or article.id


def _row(finding: Finding, document: Document) -> Row:
    outcomes = (finding.outcome, *finding.also)
    sides = []
    places: list[tuple[int, int]] = []
    for item in (finding.gold, finding.predicted):
        marked = list(_marked(finding.kind, item, len(document.text))) if item is not None else None
        sides.append(marked)
        places += [(start, end) for start, end, _ in marked or ()]
    start, end = _around(places, document)
    gold, predicted = (None if one is None else _pieces(document.text, start, end, one) for one in sides)
    return Row(
        finding.kind,
        outcomes,
        gold,
        _note(finding.kind, finding.gold),
        predicted,
        _note(finding.kind, finding.predicted),
        document.sentence_at(start).number if document.sentences else 0,
    )


def _marked(kind: str, item: Any, length: int) -> Iterable[tuple[int, int, str]]:
    if kind == "entities":
        spans = [(item["start"], item["end"], "content")]
    else:
        spans = [(span.start, span.end, "content") for span in (item.spans if kind == "quotes" else item.evidence)]
        source = item.speaker if kind == "quotes" else item.claimant
        if kind == "quotes" and item.cue:
            spans.append((item.cue.start, item.cue.end, "cue"))
        if source and source.mention:
            spans.append((source.mention.start, source.mention.end, "who"))
    return [one for one in spans if 0 <= one[0] < one[1] <= length]


def _around(places: list[tuple[int, int]], document: Document) -> tuple[int, int]:
    """The sentences that the places lie in, cut where they are long."""
    if not places or not document.sentences:
        return 0, 0
    first, last = min(start for start, _ in places), max(end for _, end in places)
    start = document.sentence_at(first).start
    end = max(last, document.sentence_at(max(first, last - 1)).end)
    return max(min(start, first), first - _SHOWN_AROUND), min(end, last + _SHOWN_AROUND)


def _pieces(text: str, start: int, end: int, marked: list[tuple[int, int, str]]) -> list[Piece]:
    edges = sorted({start, end, *(edge for a, b, _ in marked for edge in (a, b) if start <= edge <= end)})
    rank = {"": 0, "content": 1, "cue": 2, "who": 3}
    pieces = []
    for a, b in itertools.pairwise(edges):
        roles = [role for from_, to, role in marked if from_ <= a and b <= to]
        pieces.append(
            Piece(visible(text[a:b].replace("\r\n", "\n").replace("\n", " ")), max(["", *roles], key=rank.__getitem__))
        )
    return pieces


def _note(kind: str, item: Any) -> str:
    """What else an item says, in words."""
    if item is None:
        return ""
    if kind == "entities":
        return visible(f"{item['type']}: {item['name']}")
    source = item.speaker if kind == "quotes" else item.claimant
    who = "no source" if source is None else f"{source.name or (source.mention.text if source.mention else '?')}"
    said = f"{item.kind}; {who}"
    return visible(f"{said}; “{item.text}”" if kind == "claims" else said)


_SPENT: dict[str, Callable[[Totals], float | None]] = {
    "US dollars an article": lambda totals: totals.cost_usd,
    "tokens an article": lambda totals: (totals.prompt_tokens + totals.completion_tokens) or None,
    "seconds an article": lambda totals: totals.seconds,
}


def _chart(evaluation: Evaluation) -> dict[str, Any] | None:
    """Quality against cost (dollars an article, else tokens, else seconds), of systems for which it is known."""
    for unit, value in _SPENT.items():
        points = []
        for system in evaluation.systems:
            names = [name for name in headlines(system) if name.startswith("quotes.end_to_end")] or headlines(system)
            if not names or not system.totals.articles:
                continue
            score, spent = system.scores[names[0]], value(system.totals)
            if score.f1 is not None and spent is not None:
                points.append((system.name, spent / system.totals.articles, score, names[0]))
        if points:
            most = max(spent for _, spent, _, _ in points) or 1.0
            return {
                "unit": unit,
                "most": f"{most:.4g}",
                "metric": metric_title(points[0][3]),
                "points": [
                    {
                        "name": name,
                        "x": 60 + 500 * spent / most,
                        "y": 220 - 200 * (score.f1 or 0.0),
                        "low": 220 - 200 * (score.low if score.low is not None else score.f1 or 0.0),
                        "high": 220 - 200 * (score.high if score.high is not None else score.f1 or 0.0),
                    }
                    for name, spent, score, _ in points
                ],
            }
    return None
