"""A real model's reply to the real prompt, through the whole path; `tests/recordings/README.md` says whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor import Article, Extraction, Extractor
from extractor.backends.model_backend import ModelBackend
from extractor.llm.scripted_client import ScriptedClient
from tests.articles import assert_verbatim

ROOT = Path(__file__).parents[2]
SEED = ROOT / "seeds" / "nato-defence-spending.txt"


@pytest.fixture(scope="module")
def evidence() -> Extraction:
    reply = (ROOT / "tests" / "recordings" / "seed.json").read_text(encoding="utf-8")
    backend = ModelBackend("openai/recorded", client=ScriptedClient([reply]), max_repairs=0)
    with Extractor(backend=backend) as extractor:
        return extractor.extract_sync(Article(id=SEED.name, text=SEED.read_bytes().decode()))


def test_nothing_is_missed_and_nothing_is_made_up(evidence: Extraction) -> None:
    assert_verbatim(evidence)
    assert evidence.coverage.status == "complete"
    assert evidence.rejected == ()
    assert len(evidence.quotes or ()) == 17


def test_it_agrees_with_the_offline_rules_where_the_rules_are_right(evidence: Extraction) -> None:
    with Extractor() as rules:
        offline = rules.extract_sync(evidence.article)
    by_model = {(q.kind, q.text, q.speaker.name if q.speaker else None) for q in evidence.quotes or ()}
    by_rules = {(q.kind, q.text, q.speaker.name if q.speaker else None) for q in offline.quotes or ()}
    assert by_rules <= by_model
    assert offline.audit == evidence.audit


def test_names_of_one_thing_are_one_entity(evidence: Extraction) -> None:
    named = {entity.name: set(entity.aliases) for entity in evidence.entities or ()}
    assert {"America", "U.S.", "US"} <= named["United States"]
    assert "NATO" in named["North Atlantic Treaty Organisation"]
