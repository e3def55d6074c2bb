"""OpenTelemetry spans, where opentelemetry is installed (the extra `otel`); else nothing.

A span for each request that goes out, after the GenAI semantic conventions (opentelemetry.io/docs/specs/semconv/gen-ai,
status Development), and one around each article. No prompt, reply or key is in any of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from extractor.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Tracer

    from extractor.llm.client import Reply
    from extractor.llm.endpoint import Target
    from extractor.records.extraction import Extraction

PROVIDER_NAMES = {"openai": "openai", "azure_openai": "azure.ai.openai"}
"""`gen_ai.provider.name` has names of its own for these; others keep ours."""


@lru_cache(maxsize=1)
def _trace() -> Any:
    """OpenTelemetry's module; None where it is not installed."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace


def _tracer() -> Tracer | None:
    """OpenTelemetry's tracer; None where it is not installed, or no program has set a provider (yet)."""
    trace = _trace()
    if trace is None or isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    return _tracer_of_ours()


@lru_cache(maxsize=1)
def _tracer_of_ours() -> Tracer:
    from opentelemetry import trace

    from extractor import __version__

    return trace.get_tracer("extractor", __version__)


class _NoSpan:
    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Nobody is watching."""


class RequestSpan:
    """The span of a request, or nothing."""

    def __init__(self, span: Any) -> None:
        self._span = span

    def answered(self, reply: Reply) -> None:
        """Say what came back."""
        usage = reply.usage
        attributes: dict[str, Any] = {
            "gen_ai.response.finish_reasons": [reply.finish],
            "gen_ai.usage.input_tokens": usage.prompt_tokens,
            "gen_ai.usage.output_tokens": usage.completion_tokens,
        }
        if usage.cached_tokens:
            attributes["gen_ai.usage.cache_read.input_tokens"] = usage.cached_tokens
        if usage.reasoning_tokens:
            attributes["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning_tokens
        if reply.model is not None:
            attributes["gen_ai.response.model"] = reply.model
        self._span.set_attributes(attributes)


@contextmanager
def request_span(target: Target, attempt: int) -> Iterator[RequestSpan]:
    """A span around one request. Raises what the block raises, and notes it."""
    tracer = _tracer()
    if tracer is None:
        yield RequestSpan(_NoSpan())
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode

    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDER_NAMES.get(target.provider, target.provider),
        "gen_ai.request.model": target.model,
        "gen_ai.output.type": "json",
        **({"server.address": target.address} if target.address else {}),
        **({"server.port": target.port} if target.port else {}),
        **{f"gen_ai.request.{name}": value for name, value in target.sampling.items()},
        **({"http.request.resend_count": attempt - 1} if attempt > 1 else {}),
    }
    with tracer.start_as_current_span(
        f"chat {target.model}",
        kind=SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield RequestSpan(span)
        except BaseException as error:
            # Our own messages name no article; another exception's may.
            known = isinstance(error, ModelError)
            span.set_attribute("error.type", error.code if isinstance(error, ModelError) else type(error).__name__)
            span.set_status(Status(StatusCode.ERROR, str(error) if known else None))
            raise


@contextmanager
def article_span(article_id: str) -> Iterator[list[Extraction]]:
    """A span around one article; the block appends the record that it makes."""
    made: list[Extraction] = []
    tracer = _tracer()
    if tracer is None:
        yield made
        return
    with tracer.start_as_current_span(
        "extract", attributes={"extractor.article.id": article_id}, record_exception=False
    ) as span:
        yield made
        for extraction in made:
            coverage, usage = extraction.coverage, extraction.usage
            span.set_attributes(
                {
                    "extractor.coverage.status": coverage.status,
                    "extractor.requests": usage.requests,
                    "extractor.cached": usage.cached,
                    "extractor.rejected": len(extraction.rejected),
                }
            )
            if extraction.error is not None:
                span.set_attribute("error.type", extraction.error.code)
