"""The forms of a model's name, the environment variables that each reads, and the modes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """An environment variable that a provider reads."""

    name: str
    required: bool


@dataclass(frozen=True)
class Provider:
    """One form of a model's name."""

    name: str
    """As `--model` takes it."""
    what: str
    variables: tuple[Variable, ...] = ()


PROVIDERS = (
    Provider("offline", "rules; no key, no network (default)"),
    Provider(
        "openai/NAME",
        "OpenAI; with OPENAI_BASE_URL any compatible server (vLLM, llama.cpp, LM Studio), key optional",
        (Variable("OPENAI_API_KEY", required=True), Variable("OPENAI_BASE_URL", required=False)),
    ),
    Provider(
        "azure_openai/DEPLOYMENT",
        "Azure OpenAI",
        (
            Variable("AZURE_OPENAI_API_KEY", required=True),
            Variable("AZURE_OPENAI_ENDPOINT", required=True),
            Variable("OPENAI_API_VERSION", required=True),
        ),
    ),
    Provider(
        "ollama/NAME",
        "Ollama at http://localhost:11434 unless told otherwise; no key",
        (Variable("OLLAMA_BASE_URL", required=False), Variable("OLLAMA_HOST", required=False)),
    ),
)

MODES = {
    "json_schema": "the schema as response format; the default, md_json where a server refuses it",
    "tools": "a forced call of one tool",
    "json": "JSON as response format, the schema in words",
    "md_json": "no response format, JSON in a fence; any server",
}
