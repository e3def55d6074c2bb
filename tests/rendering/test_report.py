"""Reports of evaluations: tables, the leaderboard, and the page, in a real browser too."""

from __future__ import annotations

import copy
import html
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from extractor.evaluation.suite import Detailed, compare, evaluate
from extractor.rendering.report import metric_title, render_evaluation, render_leaderboard
from extractor.rendering.report_page import render_page
from tests.evaluation.data import ARTICLE, TEXT, at, gold_of, predictions_of, span

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>document.title='owned'</script>\u202e\x1b[31m <img src=x onerror=alert(1)> |*_`"


def hostile() -> dict[str, Any]:
    text = TEXT + " " + HOSTILE
    record: dict[str, Any] = copy.deepcopy(ARTICLE)
    record["article"] = {"id": HOSTILE, "text": text, "title": HOSTILE}
    record["entities"].append({"type": "work", "name": HOSTILE, "mentions": [span(len(TEXT) + 1, len(text), text)]})
    record["claims"][0]["text"] = HOSTILE
    record["properties"] = {"genre": HOSTILE}
    return record


def detailed(name: str = "system") -> Detailed:
    gold, predicted = hostile(), hostile()
    predicted["entities"][0]["type"] = "organization"
    predicted["entities"].pop()
    predicted["quotes"][0]["spans"] = [at("We won’t go")]
    predicted["quotes"][1]["speaker"] = {"name": HOSTILE, "mention": at("EU")}
    predicted["claims"] = [{**predicted["claims"][0], "evidence": [at("Costs")]}]
    systems = [predictions_of([predicted], name), predictions_of([gold], "perfect")]
    systems[0].seconds, systems[1].seconds = 2.0, 4.0
    systems[0].notes.append(HOSTILE)
    found = evaluate(gold_of([gold]), systems, resamples=200, slices=["genre"])
    evaluation = found.evaluation.model_copy(update={"comparisons": compare([found.evaluation])})
    return Detailed(evaluation, found.articles, found.findings)


def test_a_table_shows_scores_and_nothing_that_acts() -> None:
    page = render_evaluation(detailed().evaluation, width=200)
    assert re.search(r"quotes: direct, at 0\.5 +1\.000", page)
    assert "not distinguishable" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_leaderboard_is_markdown_that_nothing_breaks() -> None:
    lines = render_leaderboard(detailed(HOSTILE).evaluation).splitlines()
    assert lines[0].startswith("| system | entities: strict |")
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines[:4]}
    assert len(cells) == 1
    assert "<script>" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("quotes.direct@0.5", "quotes: direct, at 0.5"),
        ("quotes.direct.end_to_end@0.5", "quotes: direct end to end, at 0.5"),
        ("claims.evidence@exact", "claims: evidence, exact"),
    ],
)
def test_metrics_have_titles(name: str, title: str) -> None:
    assert metric_title(name) == title


def test_the_page_shows_every_wrong_item_gold_above_prediction() -> None:
    page = render_page(detailed())
    first = page[page.index("<details open><summary>system") : page.index("<summary>perfect")]
    found = re.findall(r'<div class="finding is-(\w+) of-(\w+)">(.*?)</div>', first, re.DOTALL)
    assert sorted((kind, outcome) for outcome, kind, _ in found) == [
        ("claims", "miss"),
        ("claims", "spurious"),
        ("entities", "miss"),
        ("entities", "type"),
        ("quotes", "boundary"),
        ("quotes", "speaker"),
    ]
    for _, _, body in found:
        assert body.index('class="gold"') < body.index('class="predicted"')
    boundary = next(body for outcome, _, body in found if outcome == "boundary")
    marks = re.findall(r'<mark class="content">(.*?)</mark>', boundary)
    assert marks == ["We won’t go, 😀 not now.", "We won’t go"]
    assert "<svg" in page


def test_the_page_escapes_what_it_shows_and_asks_nobody() -> None:
    page = render_page(detailed(HOSTILE))
    assert "<script" not in page
    assert "<img" not in page
    assert html.escape("<script>document.title=") in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("EXTRACTOR_CI"):
            pytest.fail("no browser is installed")
        pytest.skip("no browser is installed")
    return found


def dom(page: str, folder: Path) -> str:
    """What a browser makes of a page."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    more = f"--disable-component-update --disable-sync --user-data-dir={folder / 'profile'} --virtual-time-budget=2000"
    done = subprocess.run(
        [browser(), *flags.split(), *more.split(), "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_a_browser_runs_nothing_and_hides_what_is_unchecked(tmp_path: Path) -> None:
    page = render_page(detailed(HOSTILE))
    shown = dom(page, tmp_path)
    assert "<title>Evaluation: 1 articles</title>" in shown
    assert shown.count('class="finding ') == page.count('class="finding ')
    assert "<script" not in shown
    assert "<img" not in shown
    # The page has no script; one that unchecks a box, in a copy that allows it, sees what the style rules do.
    probe = """<script>
    for (const details of document.querySelectorAll("details")) details.open = true;
    const visible = name => [...document.querySelectorAll(name)].filter(one => one.offsetHeight > 0).length;
    const before = visible(".finding.is-miss") + visible(".finding.of-quotes");
    document.getElementById("show-miss").checked = false;
    document.getElementById("show-quotes").checked = false;
    document.title = before + " " + visible(".finding.is-miss") + " " + visible(".finding.of-quotes") + " "
        + visible(".finding.of-entities");
    </script></body>"""
    open_to_scripts = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("</body>", probe)
    title = re.search(r"<title>(.*?)</title>", dom(open_to_scripts, tmp_path))
    assert title is not None
    assert title[1] == "4 0 0 1"
