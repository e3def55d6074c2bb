"""The first promise, as a property: whatever the article, every span of every record is the article's own text."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.backends.model_backend import ModelBackend
from extractor.backends.rules.rules_backend import RulesBackend
from extractor.kinds.catalogue import KINDS
from extractor.llm.client import Reply
from extractor.llm.scripted_client import ScriptedClient
from extractor.pipeline import Pipeline
from extractor.records.article import Article
from extractor.records.extraction import Extraction
from extractor.text.words import find_words
from tests.articles import assert_verbatim, texts

if TYPE_CHECKING:
    from collections.abc import Callable


class Model:
    """One backend for all examples, whose script each example sets."""

    def __init__(self) -> None:
        self.script: Callable[[object], Reply] = lambda prompt: Reply("{}")
        client = ScriptedClient(lambda prompt: self.script(prompt))
        self.backend = ModelBackend("openai/scripted", client=client, examples="none", max_repairs=0)


MODEL = Model()


def run(backend: Any, text: str, chars: int) -> Extraction:
    pipeline = Pipeline(backend, KINDS, chunk_chars=chars)
    return asyncio.run(pipeline.extract(Article(id="test", text=text)))


@given(texts(), st.integers(20, 400))
def test_offline_rules(text: str, chars: int) -> None:
    evidence = run(RulesBackend(), text, chars)
    assert_verbatim(evidence)
    assert evidence.coverage.status == ("complete" if text.strip() else "failed")
    assert Extraction.model_validate_json(evidence.model_dump_json()) == evidence


@settings(max_examples=60)
@given(texts(), st.integers(60, 400), st.randoms(use_true_random=False))
def test_model_replies(text: str, chars: int, random: Any) -> None:
    """A model that copies, alters and invents at will: what is reported still stands there."""
    words = find_words(text)

    def some_words() -> str:
        if not words or random.random() < 0.2:
            return str(random.choice(["invented", "“", "", "said", "Ada Holm", "he"]))
        first = random.randrange(len(words))
        last = min(len(words) - 1, first + random.randrange(6))
        copied = text[words[first].start : words[last].end]
        return str(
            random.choice([copied, copied, copied.upper(), copied.replace("“", '"'), copied + " 7", f'"{copied}"'])
        )

    def reply(prompt: object) -> Reply:
        del prompt
        number = random.randrange(8)
        quotes = [
            {
                "sentence": number,
                "content": [some_words() for _ in range(random.randrange(1, 3))],
                "cue": random.choice([None, some_words()]),
                "speaker": random.choice([None, some_words()]),
                "speaker_name": random.choice([None, some_words()]),
            }
            for _ in range(3)
        ]
        claims = [
            {
                "sentence": number,
                "evidence": [some_words()],
                "text": some_words(),
                "kind": random.choice(["event", "quantity", "nonsense"]),
                "claimant": random.choice([None, some_words()]),
                "claimant_name": None,
            }
            for _ in range(3)
        ]
        entities = [
            {"sentence": number, "name": some_words(), "type": "person", "forms": [some_words(), some_words()]}
            for _ in range(3)
        ]
        return Reply(json.dumps({"entities": entities, "quotes": quotes, "claims": claims}))

    MODEL.script = reply
    evidence = run(MODEL.backend, text, chars)
    assert_verbatim(evidence)
    assert evidence.coverage.status == ("complete" if text.strip() else "failed")
    assert Extraction.model_validate_json(evidence.model_dump_json()) == evidence
