"""OpenAI, Azure, Ollama and every server that speaks their chat completions. Nothing else imports openai or instructor.

instructor says what each mode asks for on the wire, once for each form of a reply; the article's text never passes
through it. The SDK sends the first request: it knows addresses and keys. The others are sent as it did, by its HTTP
client: of the 3 ms of processor time that its typed call costs, most goes into walking the schema and building the
completion, and 0.7 into making the same headers again (`evals/speed/model_calls.py`). What is the same for every
chunk is encoded once. The reply is handed on unread: stored, batched and live replies are read by one function
(`reading.py`). Requests are tried once: `retry.py` owns transport, `answer.py` owns content. What the SDK raises is
translated here, and what a server says stays out of the message, since it may repeat the key or the article.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from extractor.errors import (
    ModelAuthenticationError,
    ModelBusyError,
    ModelError,
    ModelNotFoundError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnreachableError,
    QuotaExhaustedError,
    ReplyFilteredError,
    ReplyMalformedError,
    RequestRefusedError,
)
from extractor.llm.client import Finish, Mode, Reply
from extractor.llm.limits import allowances
from extractor.llm.reading import RECORD
from extractor.prompting.reply_form import is_strict
from extractor.records.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx2
    from openai import AsyncOpenAI

    from extractor.llm.endpoint import Endpoint
    from extractor.prompting.prompt import Prompt
    from extractor.prompting.reply_form import ReplyForm

logger = logging.getLogger("extractor")

_IN_CALL: ContextVar[bool] = ContextVar("in_call", default=False)
# Whatever of the SDK's own loggers may print a request or a reply; their children are listed, filters don't inherit.
_TALKATIVE = (
    "openai",
    "openai._base_client",
    "openai._response",
    "openai._legacy_response",
    "instructor",
    "instructor.v2",
    "instructor.v2.retry",
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}\Z")
_ABOUT_THE_FORMAT = re.compile(
    r"response_format|json_schema|json_object|structured output|guided|grammar|schema|json mode|extra inputs",
    re.IGNORECASE,
)
_ABOUT_THE_LENGTH = re.compile(
    r"context.?(length|window|size)|maximum.{0,20}(length|tokens)|too (long|large)|too many tokens|reduce the length",
    re.IGNORECASE,
)
_ABOUT_ALL_CODES = frozenset(
    {"unsupported_parameter", "unsupported_value", "unknown_parameter", "invalid_json_schema", "invalid_model"}
)
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


@dataclass(frozen=True)
class _Wire:
    """What a mode adds to a request for one form of a reply."""

    arguments: Mapping[str, Any]
    system: tuple[str, str]
    """Before and behind the system message."""
    user: tuple[str, str]
    """Before and behind the user message."""

    head: str = ""
    """The request up to the system message: what is the same for every prompt."""

    def body(self, prompt: Prompt) -> bytes:
        """The request, as it goes out."""
        system, user = _encoded_once(prompt.system.join(self.system)), _encoded(prompt.user.join(self.user))
        return f'{self.head}{system}}}, {{"role": "user", "content": {user}}}]}}'.encode("utf-8", "replace")


def _encoded(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@lru_cache(maxsize=64)
def _encoded_once(text: str) -> str:
    return _encoded(text)


@dataclass(frozen=True)
class _Way:
    """A mode, and whether its schema is marked strict."""

    mode: Mode
    strict: bool = False


class OpenAIClient:
    """A model at an endpoint.

    Args:
        endpoint: Where it is.
        mode: How it is asked for structure. None: JSON schema, and a Markdown fence from then on where the server
            refuses that.
        timeout: Seconds that a request may take in all.
        temperature: Sampling temperature; the server's own if None.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        mode: Mode | None = None,
        timeout: float = 120.0,
        temperature: float | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.timeout = timeout
        self.temperature = temperature
        self.sampling = {} if temperature is None else {"temperature": temperature}
        first = _Way(mode or "json_schema", strict=endpoint.strict and mode in (None, "json_schema", "tools"))
        ways = [first]
        if first.strict:
            ways.append(_Way(first.mode))
        if mode is None:
            ways.append(_Way("md_json"))
        self._ways = ways
        self._connections: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connection] = WeakKeyDictionary()
        self._wires: dict[tuple[type[ReplyForm], _Way], _Wire] = {}

    @property
    def mode(self) -> Mode:
        """How the model is asked for structure now."""
        return self._ways[0].mode

    async def complete(self, prompt: Prompt) -> Reply:
        """The reply to a prompt. Raises `ModelError`."""
        requests = 0
        while True:
            way = self._ways[0]
            requests += 1
            try:
                return await self._ask(prompt, way, requests)
            except _FormatRefusedError as refused:
                fallback = self._ways[self._ways.index(way) + 1 :] if way in self._ways else self._ways
                if not fallback:
                    raise refused.error from None
                # Of many calls at once the first one to be refused moves all.
                self._ways = fallback
                logger.info("mode refused", extra={"mode": way.mode, "next": fallback[0].mode})

    async def close(self) -> None:
        """Give back the connections of every event loop that still runs."""
        here = asyncio.get_running_loop()
        for loop, connection in list(self._connections.items()):
            del self._connections[loop]
            if loop is here:
                await connection.sdk.close()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(connection.sdk.close(), loop))

    async def _ask(self, prompt: Prompt, way: _Way, requests: int) -> Reply:
        with _quiet():
            body = self._wire(prompt.form, way).body(prompt)
            with _translated(self.endpoint, self.timeout):
                async with asyncio.timeout(self.timeout):
                    response = await self._connection().send(body)
            if not response.is_success:
                raise _refusal(response, self.endpoint)
            try:
                completion = json.loads(response.content)
            except (ValueError, RecursionError):
                raise ReplyMalformedError(f"{self.endpoint.host} sent no JSON") from None
            try:
                return _reply_of(completion, response.headers, self.endpoint, way.mode, requests)
            except (AttributeError, TypeError, IndexError, KeyError):
                raise ReplyMalformedError(f"{self.endpoint.host} sent no chat completion") from None

    def _connection(self) -> _Connection:
        """The client of the running loop: its connections belong to that loop."""
        loop = asyncio.get_running_loop()
        connection = self._connections.get(loop)
        if connection is None:
            for other in list(self._connections):
                if other.is_closed():
                    # A client holds its loop, so the weak key alone never goes.
                    del self._connections[other]
            connection = self._connections[loop] = _new_connection(self.endpoint, self.timeout)
        return connection

    def _wire(self, form: type[ReplyForm], way: _Way) -> _Wire:
        wire = self._wires.get((form, way))
        if wire is None:
            wire = _wire_of(form, way)
            fixed = {"model": self.endpoint.model, **wire.arguments, **self.sampling}
            head = json.dumps(fixed, ensure_ascii=False)[:-1] + ', "messages": [{"role": "system", "content": '
            wire = self._wires[form, way] = replace(wire, head=head)
        return wire


class _FormatRefusedError(Exception):
    """The server refuses how it was asked for structure."""

    def __init__(self, error: ModelError) -> None:
        super().__init__()
        self.error = error


@dataclass
class _Connection:
    """The SDK's client, the HTTP client under it, and a request that the two have sent well."""

    sdk: AsyncOpenAI
    http: httpx2.AsyncClient
    template: httpx2.Request | None = None

    async def send(self, body: bytes) -> httpx2.Response:
        """The response, whatever its status. Raises what the SDK or httpx2 raises where there is none."""
        import httpx2
        import openai

        if self.template is not None:
            request = httpx2.Request(
                "POST",
                self.template.url,
                headers=self.template.headers,
                content=body,
                extensions=self.template.extensions,
            )
            return await self.http.send(request)
        options: Any = {"headers": {"Content-Type": "application/json"}}
        try:
            response = await self.sdk.post("/chat/completions", cast_to=httpx2.Response, content=body, options=options)
        except openai.APIStatusError as error:
            return error.response
        self.template = response.request
        # Each body has its own length.
        self.template.headers.pop("content-length", None)
        return response


def _new_connection(endpoint: Endpoint, timeout: float) -> _Connection:
    import openai

    # On aiohttp a request costs half the processor time.
    # Nor does a key follow a redirect to another host.
    http = openai.DefaultAioHttpClient(timeout=timeout, follow_redirects=False)
    if endpoint.provider == "azure_openai":
        azure = openai.AsyncAzureOpenAI(
            azure_endpoint=endpoint.base_url,
            azure_deployment=endpoint.model,
            api_key=endpoint.api_key,
            api_version=endpoint.api_version,
            max_retries=0,
            timeout=timeout,
            http_client=http,
        )
        return _Connection(azure, http)
    sdk = openai.AsyncOpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0, timeout=timeout, http_client=http
    )
    return _Connection(sdk, http)


def _wire_of(form: type[ReplyForm], way: _Way) -> _Wire:
    """Ask instructor what a mode adds, with placeholders in place of the messages."""
    from instructor import Mode as InstructorMode
    from instructor.processing.response import handle_response_model

    placeholders = {"system": "\x02system\x03", "user": "\x02user\x03"}
    messages = [{"role": role, "content": content} for role, content in placeholders.items()]
    _, arguments = handle_response_model(form, InstructorMode[way.mode.upper()], messages=messages)
    around: dict[str, tuple[str, str]] = {}
    for message in arguments.pop("messages"):
        before, found, behind = message["content"].partition(placeholders[message["role"]])
        if not found:
            raise RuntimeError(f"instructor drops the {message['role']} message in mode {way.mode}")
        around[message["role"]] = before, behind
    if way.strict and is_strict(form.model_json_schema()):
        if way.mode == "json_schema":
            arguments["response_format"]["json_schema"]["strict"] = True
        else:
            arguments["tools"][0]["function"]["strict"] = True
    return _Wire(arguments, around["system"], around["user"])


def _reply_of(completion: Any, headers: Mapping[str, str], endpoint: Endpoint, mode: Mode, requests: int) -> Reply:
    """The reply that a chat completion holds. Raises `ModelError`, and what reading a body of another form raises."""
    choices = completion.get("choices") if isinstance(completion, dict) else None
    if not choices:
        raise _error_in_body(completion, endpoint)
    choice = choices[0]
    message = choice["message"]
    refused = bool(message.get("refusal"))
    model = completion.get("model")
    return Reply(
        text="" if refused else _text_of(message),
        finish="refusal" if refused else _FINISHES.get(str(choice.get("finish_reason")), "stop"),
        usage=_usage_of(completion.get("usage"), requests),
        model=model if isinstance(model, str) else None,
        mode=mode,
        allowances=allowances(headers),
    )


_FINISHES: Mapping[str, Finish] = {"length": "length", "max_tokens": "length", "content_filter": "content_filter"}


def _text_of(message: Mapping[str, Any]) -> str:
    """The words of a message: the arguments of its tool calls, whatever the tools are called, else its content."""
    calls = [call["function"]["arguments"] for call in message.get("tool_calls") or []]
    # Some servers send arguments as an object, and content in parts.
    texts = [call if isinstance(call, str) else json.dumps(call, ensure_ascii=False) for call in calls if call]
    if texts:
        return RECORD.join(texts)
    # A server that overlooks the tool may still answer in its words.
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _usage_of(said: Any, requests: int) -> Usage:
    said = said if isinstance(said, dict) else {}

    def count(name: str, within: str | None = None) -> int:
        part = said.get(within) if within else said
        value = part.get(name) if isinstance(part, dict) else None
        return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

    return Usage(
        requests=requests,
        prompt_tokens=count("prompt_tokens"),
        cached_tokens=count("cached_tokens", "prompt_tokens_details"),
        completion_tokens=count("completion_tokens"),
        reasoning_tokens=count("reasoning_tokens", "completion_tokens_details"),
    )


def _error_in_body(completion: Any, endpoint: Endpoint) -> ModelError:
    """What a reply with status 200 but without choices is: some routers put a status into the body."""
    error = completion.get("error") if isinstance(completion, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        return _by_status(code, endpoint, {}, error if isinstance(error, dict) else {})
    return ReplyMalformedError(
        f"{endpoint.host} sent no chat completion", hint="does the base URL end in /v1, as most servers want it?"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the SDK's loggers silent about our calls, and about nobody else's."""
    for name in _TALKATIVE:
        # Adding the same filter twice has no effect.
        logging.getLogger(name).addFilter(_only_others)
    token = _IN_CALL.set(True)
    try:
        yield
    finally:
        _IN_CALL.reset(token)


def _only_others(record: logging.LogRecord) -> bool:
    del record
    return not _IN_CALL.get()


@contextmanager
def _translated(endpoint: Endpoint, timeout: float) -> Iterator[None]:
    """Turn what the SDK raises into our errors; what it did not raise passes through.

    The cause is cut off on purpose: it holds the server's words.
    """
    import httpx2
    import openai

    try:
        yield
    except openai.APITimeoutError as error:
        # A refused or dropped connection comes as a timeout of connecting.
        if isinstance(error.__cause__, httpx2.ConnectTimeout):
            raise _unreachable(endpoint) from None
        raise _late(endpoint, timeout) from None
    except httpx2.ConnectTimeout:
        raise _unreachable(endpoint) from None
    except (TimeoutError, httpx2.TimeoutException):
        raise _late(endpoint, timeout) from None
    except (openai.APIConnectionError, httpx2.TransportError):
        raise _unreachable(endpoint) from None
    except openai.APIResponseValidationError:
        raise ReplyMalformedError(f"{endpoint.host} sent no JSON") from None


def _refusal(response: httpx2.Response, endpoint: Endpoint) -> Exception:
    """What a response without success is: one of our errors, or a word on how the server was asked for structure."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        body = {}
    error = body.get("error", body) if isinstance(body, dict) else {}
    error = error if isinstance(error, dict) else {"message": str(error)}
    translated = _by_status(response.status_code, endpoint, response.headers, error)
    if response.status_code in (400, 404, 405, 415, 422, 500, 501) and _ABOUT_THE_FORMAT.search(response.text[:20_000]):
        return _FormatRefusedError(translated)
    return translated


def _late(endpoint: Endpoint, timeout: float) -> ModelTimeoutError:
    return ModelTimeoutError(f"{endpoint.host} did not answer within {timeout:g} s", hint="allow more with --timeout")


def _unreachable(endpoint: Endpoint) -> ModelUnreachableError:
    return ModelUnreachableError(
        f"no connection to {endpoint.host}", hint="is the server running, and its address right?"
    )


def _by_status(status: int, endpoint: Endpoint, headers: Mapping[str, str], body: Mapping[str, Any]) -> ModelError:
    code = str(body.get("code") or body.get("type") or "")
    says = f"status {status}" + (f", {code}" if _IDENTIFIER.match(code) and not code.startswith("sk-") else "")
    model = f"{endpoint.provider}/{endpoint.model}"
    wait = retry_after(headers, time.time())
    if wait is None and status == 429:
        # Where there is no Retry-After, what is used up says when it is whole again.
        wait = max((one.resets_in for one in allowances(headers) if one.remaining <= 0), default=None)
    if status in (401, 403):
        return ModelAuthenticationError(f"{endpoint.host} does not accept the key ({says})", hint="check the API key")
    if status == 404:
        return ModelNotFoundError(
            f"{endpoint.host} knows no model {model} ({says})", hint="check the model's name and the base URL"
        )
    if status == 402 or code in _QUOTA_CODES:
        return QuotaExhaustedError(f"the account has no credit left ({says})", hint="check plan and billing")
    if status == 429:
        return ModelBusyError(
            f"{endpoint.host} is busy ({says})", retry_after=wait, hint="ask for less at once with --concurrency"
        )
    if status in (408, 409) or status >= 500:
        return ModelServerError(f"{endpoint.host} failed ({says})", retry_after=wait)
    if code == "content_filter":
        return ReplyFilteredError(f"the content filter of {endpoint.host} withheld the request ({says})")
    words = f"{code} {body.get('message')}"
    if status == 413 or _ABOUT_THE_LENGTH.search(words):
        refused = RequestRefusedError(
            f"{endpoint.host} cannot take that much at once ({says})", hint="ask for less with --chunk-chars"
        )
        refused.too_long = True
        return refused
    refused = RequestRefusedError(
        f"{endpoint.host} refused the request ({says})", hint="another --mode may be accepted"
    )
    parameter = str(body.get("param") or "")
    refused.about_all = code in _ABOUT_ALL_CODES or (bool(parameter) and not parameter.startswith("messages"))
    return refused


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds for which a response asks to wait, or None.

    Args:
        headers: Of the response, their names in any case that the mapping accepts in lower case.
        now: Seconds since the epoch, for a date.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - now
            except (ValueError, OverflowError):
                continue
        if seconds == seconds and seconds != float("inf"):
            return max(0.0, seconds)
    return None
