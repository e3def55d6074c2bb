"""`provider/model` and the environment → where requests go, and with which key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from extractor.errors import MissingKeyError, UnknownModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Provider = Literal["openai", "azure_openai", "ollama"]
PROVIDERS: tuple[Provider, ...] = ("openai", "azure_openai", "ollama")

OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://localhost:11434/v1"
NO_KEY = "x"
"""Sent where a server wants no key: the SDK insists on one."""


@dataclass(frozen=True)
class Target:
    """What is asked, as far as it may be said: replies are stored under it, spans and prices go by it."""

    provider: str
    """As in `provider/model`."""
    model: str
    sampling: Mapping[str, float] = field(default_factory=dict)
    """Sampling parameters that are sent."""
    address: str | None = None
    """The host, where it is known."""
    port: int | None = None


@dataclass(frozen=True)
class Endpoint:
    """A model at an address."""

    provider: Provider
    model: str
    """Its name there; of Azure, the deployment's."""
    base_url: str = field(repr=False)
    """Of Azure, the resource's address. Not shown: an address may hold a password."""
    api_key: str = field(repr=False)
    api_version: str | None = None
    """Azure only."""
    strict: bool = False
    """Whether the server is known to take `strict` schemas."""

    @property
    def host(self) -> str:
        """Host and port, to be named in messages."""
        parts = urlsplit(self.base_url)
        host = parts.hostname or "the server"
        return f"{host}:{parts.port}" if parts.port else host

    def target(self, sampling: Mapping[str, float]) -> Target:
        """What is asked here, with these sampling parameters."""
        parts = urlsplit(self.base_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return Target(self.provider, self.model, sampling, parts.hostname, port)


def split_name(name: str) -> tuple[str, str]:
    """Provider and model of `provider/model`, split at the first slash.

    Raises:
        UnknownModelError: No such provider, or no model's name.
    """
    provider, _, model = name.partition("/")
    if provider not in PROVIDERS or not model.strip():
        raise UnknownModelError(
            f"there is no model {name!r}",
            hint="use offline, openai/NAME, azure_openai/DEPLOYMENT or ollama/NAME; a server of your own is "
            "openai/NAME with OPENAI_BASE_URL",
        )
    return provider, model


def endpoint_of(
    name: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Endpoint:
    """The endpoint of a model's name.

    Args:
        name: `provider/model`, split at the first slash ("openai/meta-llama/Llama-3-8b").
        base_url: Address of the server, in place of the environment's.
        api_key: Its key, in place of the environment's.
        environ: The environment; the process's if None. A variable that is set but blank counts as not set.

    Raises:
        UnknownModelError: No such provider, or no model's name.
        UsageError: An address that is none.
        MissingKeyError: A key, or what else the provider needs, is not set.
    """
    given = {key: value.strip() for key, value in (os.environ if environ is None else environ).items()}
    key = (api_key or "").strip() or None
    url = _url(base_url, "the base URL")
    provider, model = split_name(name)
    if provider == "azure_openai":
        return _azure(model, url, key, given)
    if provider == "ollama":
        found = _ollama_url(url or given.get("OLLAMA_BASE_URL") or given.get("OLLAMA_HOST") or "")
        return Endpoint("ollama", model, found, key or NO_KEY)
    own = url or _url(given.get("OPENAI_BASE_URL"), "OPENAI_BASE_URL")
    key = key or given.get("OPENAI_API_KEY") or (NO_KEY if own else None)
    if key is None:
        raise MissingKeyError(
            f"{name} needs an API key",
            hint="set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own; --model offline needs neither",
        )
    return Endpoint("openai", model, own or OPENAI_URL, key, strict=(own or OPENAI_URL).rstrip("/") == OPENAI_URL)


def _azure(model: str, url: str | None, key: str | None, given: Mapping[str, str]) -> Endpoint:
    url = url or _url(given.get("AZURE_OPENAI_ENDPOINT"), "AZURE_OPENAI_ENDPOINT")
    key = key or given.get("AZURE_OPENAI_API_KEY")
    version = given.get("OPENAI_API_VERSION")
    wanted = {"AZURE_OPENAI_ENDPOINT": url, "AZURE_OPENAI_API_KEY": key, "OPENAI_API_VERSION": version}
    missing = [variable for variable, value in wanted.items() if not value]
    if not url or not key or not version:
        raise MissingKeyError(f"azure_openai/{model} needs {' and '.join(missing)}", hint=f"set {', '.join(missing)}")
    return Endpoint("azure_openai", model, url, key, api_version=version, strict=True)


def _url(value: str | None, what: str) -> str | None:
    url = (value or "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        # Not shown: it may hold a password.
        raise UsageError(f"{what} is not an http address", hint="give it as http://host:port/v1")
    return url


def _ollama_url(value: str) -> str:
    """Ollama's own forms of an address ("0.0.0.0", "host:port", "http://host") → its OpenAI-compatible one."""
    if not value:
        return OLLAMA_URL
    url = _url(value if "://" in value else f"http://{value}", "the address of Ollama") or OLLAMA_URL
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname in ("0.0.0.0", "::") else parts.hostname or "localhost"  # noqa: S104 - compared, not bound
    host = f"[{host}]" if ":" in host else host
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    port = parts.port or (443 if parts.scheme == "https" else 80 if "://" in value else 11434)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{user}{host}:{port}{path if path.endswith('/v1') else path + '/v1'}"
