"""A model's name and the environment settle where requests go."""

from __future__ import annotations

import pytest

from extractor.errors import MissingKeyError, UnknownModelError, UsageError
from extractor.llm.endpoint import NO_KEY, endpoint_of

KEY = {"OPENAI_API_KEY": "sk-secret"}


def test_openai() -> None:
    endpoint = endpoint_of("openai/gpt-5-mini", environ=KEY)
    assert (endpoint.provider, endpoint.model) == ("openai", "gpt-5-mini")
    assert endpoint.base_url == "https://api.openai.com/v1"
    assert endpoint.api_key == "sk-secret"
    assert endpoint.strict


def test_name_splits_at_the_first_slash() -> None:
    endpoint = endpoint_of("openai/meta-llama/Llama-3-8b", environ={"OPENAI_BASE_URL": "http://here:8000/v1"})
    assert endpoint.model == "meta-llama/Llama-3-8b"
    assert endpoint.base_url == "http://here:8000/v1"
    assert endpoint.api_key == NO_KEY
    assert not endpoint.strict
    assert endpoint.host == "here:8000"


def test_blank_variables_are_not_set() -> None:
    endpoint = endpoint_of("openai/m", environ={"OPENAI_BASE_URL": "  ", **KEY})
    assert endpoint.base_url == "https://api.openai.com/v1"
    with pytest.raises(MissingKeyError, match="openai/m needs an API key") as caught:
        endpoint_of("openai/m", environ={"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""})
    assert "OPENAI_API_KEY" in str(caught.value.hint)
    assert "OPENAI_BASE_URL" in str(caught.value.hint)


def test_arguments_go_before_the_environment() -> None:
    environ = {"OPENAI_BASE_URL": "http://there/v1", **KEY}
    endpoint = endpoint_of("openai/m", base_url="http://here/v1", api_key="k", environ=environ)
    assert (endpoint.base_url, endpoint.api_key) == ("http://here/v1", "k")


def test_azure_names_what_is_missing() -> None:
    environ = {
        "AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com",
        "AZURE_OPENAI_API_KEY": "secret",
        "OPENAI_API_VERSION": "2024-10-21",
    }
    endpoint = endpoint_of("azure_openai/my-deployment", environ=environ)
    assert endpoint.api_version == "2024-10-21"
    assert endpoint.model == "my-deployment"
    for name in environ:
        rest = {key: value for key, value in environ.items() if key != name}
        with pytest.raises(MissingKeyError, match=f"needs {name}$"):
            endpoint_of("azure_openai/my-deployment", environ=rest)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://localhost:11434/v1"),
        ({"OLLAMA_HOST": "0.0.0.0"}, "http://127.0.0.1:11434/v1"),
        ({"OLLAMA_HOST": "box:9999"}, "http://box:9999/v1"),
        ({"OLLAMA_HOST": "[::1]:9999"}, "http://[::1]:9999/v1"),
        ({"OLLAMA_HOST": "https://box"}, "https://box:443/v1"),
        ({"OLLAMA_BASE_URL": "http://box:1/v1/"}, "http://box:1/v1"),
        ({"OLLAMA_BASE_URL": "http://box:1/ollama", "OLLAMA_HOST": "other"}, "http://box:1/ollama/v1"),
    ],
)
def test_ollama(environ: dict[str, str], url: str) -> None:
    endpoint = endpoint_of("ollama/qwen3", environ=environ)
    assert endpoint.base_url == url
    assert endpoint.api_key == NO_KEY


@pytest.mark.parametrize("name", ["gpt-5", "anthropic/claude", "openai/", "/m", ""])
def test_unknown_models(name: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        endpoint_of(name, environ=KEY)
    assert "ollama/NAME" in str(caught.value.hint)


@pytest.mark.parametrize("url", ["here:8000/v1", "ftp://here", "http://", "http://h:99999/v1", "http://[x"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(UsageError, match="not an http address"):
        endpoint_of("openai/m", base_url=url, environ=KEY)


def test_secrets_are_not_shown() -> None:
    endpoint = endpoint_of("openai/m", base_url="http://user:pass@here/v1", environ=KEY)
    assert "sk-secret" not in repr(endpoint)
    assert "pass" not in repr(endpoint)
    assert endpoint.host == "here"
