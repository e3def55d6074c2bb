"""Spans after the GenAI conventions, seen by OpenTelemetry's in-memory exporter; nothing where it is not installed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from extractor import Article, Extraction, Extractor
from extractor.backends.model_backend import ModelBackend
from extractor.llm import telemetry
from extractor.llm.retry import RetryPolicy
from tests.conftest import needs
from tests.model_server import ModelServer, Script, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

TEXT = "“We can’t wait,” Ann Lee said on Monday. The town spent 12 million kroner."
EMPTY: dict[str, Any] = {"quotes": []}


async def no_wait(seconds: float) -> None:
    """Stands in for sleep."""


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    needs("opentelemetry.sdk", extra="dev")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # The provider of the process can be set only once.
    monkeypatch.setattr(telemetry, "_tracer", lambda: provider.get_tracer("extractor"))
    yield exporter
    provider.shutdown()


def extract(script: Script, model: str = "openai/m-1", **settings: Any) -> tuple[Extraction, ModelServer]:
    with ModelServer(script) as server:
        backend = ModelBackend(
            model,
            base_url=server.url,
            api_key="sk-secret",
            policy=RetryPolicy(max_attempts=2, sleep=no_wait),
            **settings,
        )
        with Extractor(kinds=["quotes"], backend=backend) as extractor:
            return extractor.extract_sync(Article(id="the-id", text=TEXT)), server


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_span_a_request_and_one_an_article(exporter: InMemorySpanExporter) -> None:
    from opentelemetry.trace import SpanKind, StatusCode

    _, server = extract([Status(503), EMPTY], temperature=0.25)
    failed, answered, article = exporter.get_finished_spans()
    port = int(server.host.rpartition(":")[2])
    asked = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m-1",
        "gen_ai.request.temperature": 0.25,
        "gen_ai.output.type": "json",
        "server.address": "127.0.0.1",
        "server.port": port,
    }
    assert (failed.name, failed.kind) == ("chat m-1", SpanKind.CLIENT)
    assert attributes(failed) == {**asked, "error.type": "server"}
    assert failed.status.status_code is StatusCode.ERROR
    assert attributes(answered) == {
        **asked,
        "http.request.resend_count": 1,
        "gen_ai.response.model": "m-1-2026-01-01",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
    }
    assert answered.status.status_code is StatusCode.UNSET
    assert (article.name, attributes(article)["extractor.article.id"]) == ("extract", "the-id")
    assert attributes(article)["extractor.coverage.status"] == "complete"
    for span in (failed, answered):
        assert span.parent is not None
        assert span.parent.span_id == article.context.span_id


def test_attributes_are_those_of_the_conventions(exporter: InMemorySpanExporter) -> None:
    from opentelemetry.semconv._incubating.attributes import error_attributes, gen_ai_attributes, server_attributes

    known = {
        value
        for module in (gen_ai_attributes, error_attributes, server_attributes)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    extract([EMPTY], temperature=0)
    span, _ = exporter.get_finished_spans()
    named = {name for name in attributes(span) if not name.startswith("http.")}
    assert named <= known


def test_a_failed_article_says_why(exporter: InMemorySpanExporter) -> None:
    extract(lambda request: Status(401))
    *_, article = exporter.get_finished_spans()
    assert attributes(article)["error.type"] == "authentication"
    assert attributes(article)["extractor.coverage.status"] == "failed"


def test_no_words_and_no_key_are_in_any_span(exporter: InMemorySpanExporter) -> None:
    bad = {"sentence": 1, "content": ["Secret invention"], "cue": None, "speaker": None, "speaker_name": None}
    extract([Status(500, message="sk-secret and “We can’t wait,”"), {"quotes": [bad]}, {"quotes": [bad]}])
    shown = " ".join(span.to_json() for span in exporter.get_finished_spans())
    for words in ("sk-secret", "wait", "invention", "Ann Lee", "kroner"):
        assert words not in shown


def test_without_opentelemetry_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry._trace.cache_clear()
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    evidence, _ = extract([EMPTY])
    assert telemetry._tracer() is None
    telemetry._trace.cache_clear()
    assert evidence.coverage.status == "complete"


def test_it_is_not_imported_for_the_rules() -> None:
    script = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from extractor import extract_sync; assert extract_sync('“No,” said Bob.').quotes"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
