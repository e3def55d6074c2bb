"""The one importer of openai and instructor, against a real server: what goes out, what comes back, what goes wrong."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from email.utils import formatdate
from typing import Any

import pytest
from pydantic import BaseModel

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
from extractor.kinds.catalogue import KINDS, kinds_named
from extractor.kinds.located import Verbatim
from extractor.llm.client import MODES, Mode, Reply
from extractor.llm.endpoint import Endpoint, endpoint_of
from extractor.llm.openai_client import OpenAIClient, retry_after
from extractor.llm.reading import RECORD
from extractor.prompting.prompt import Prompt
from extractor.records.usage import Usage
from tests.model_server import Completion, Drop, Hang, ModelServer, Raw, Request, Script, Status
from tests.run_async import run_async

EMPTY: dict[str, Any] = {"entities": [], "quotes": [], "claims": []}
SECRET = "sk-very-secret-key"
HOSTILE = "  Take {{ x }} {% raw %}\n    indented {user} \x02user\x03 “words”\n"
PROMPT = Prompt(system="System {{ s }}.", user=HOSTILE, kinds=KINDS)


def endpoint(server: ModelServer, *, strict: bool = False) -> Endpoint:
    return Endpoint("openai", "m/with/slash", server.url, SECRET, strict=strict)


async def ask(client: OpenAIClient, prompt: Prompt = PROMPT) -> Reply:
    try:
        return await client.complete(prompt)
    finally:
        await client.close()


async def failure(script: Script, *, timeout: float = 30.0, mode: Mode | None = "json") -> ModelError:
    with ModelServer(script) as server:
        with pytest.raises(ModelError) as caught:
            await ask(OpenAIClient(endpoint(server), timeout=timeout, mode=mode))
        assert len(server.requests) == 1, "the SDK does not try again"
    error = caught.value
    assert SECRET not in str(error)
    assert error.__context__ is None or error.__suppress_context__
    assert "\n" not in str(error)
    return error


@pytest.mark.parametrize("mode", MODES)
@run_async
async def test_each_mode_on_the_wire(mode: Mode) -> None:
    with ModelServer([EMPTY]) as server:
        reply = await ask(OpenAIClient(endpoint(server), mode=mode, temperature=0.25))
    request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert request.mode == mode
    assert request.body["model"] == "m/with/slash"
    assert request.body["temperature"] == 0.25
    assert [message["role"] for message in request.body["messages"]] == ["system", "user"]
    assert request.content("system").startswith("System {{ s }}.")
    assert request.content("user").startswith(HOSTILE), "the article goes out as it is"
    if mode in ("tools", "json_schema"):
        assert request.content("system") == "System {{ s }}."
        assert request.content("user") == HOSTILE
    else:
        assert '"EntityDraft"' in request.content("system")
    assert reply.text.strip("Heritso.\n `jn") == '{"entities": [], "quotes": [], "claims": []}'
    assert reply.finish == "stop"
    assert reply.model == "m/with/slash-2026-01-01"
    assert reply.usage == Usage(requests=1, prompt_tokens=100, completion_tokens=20)


@run_async
async def test_tools_are_forced() -> None:
    with ModelServer([EMPTY]) as server:
        await ask(OpenAIClient(endpoint(server), mode="tools"))
    body = server.requests[0].body
    assert body["tool_choice"] == {"type": "function", "function": {"name": "Reply"}}
    assert set(body["tools"][0]["function"]["parameters"]["properties"]) == set(EMPTY)


@pytest.mark.parametrize("strict", [True, False])
@run_async
async def test_schema_is_strict_where_the_server_is_known_to_take_it(strict: bool) -> None:
    with ModelServer([EMPTY]) as server:
        await ask(OpenAIClient(endpoint(server, strict=strict)))
    form = server.requests[0].body["response_format"]["json_schema"]
    assert form.get("strict", False) is strict
    assert form["name"] == "Reply"
    assert form["schema"]["additionalProperties"] is False


class Loose(BaseModel):
    """Something open."""

    words: Verbatim
    notes: dict[str, int]


@run_async
async def test_open_schema_is_not_sent_as_strict() -> None:
    with ModelServer([{"loose": []}]) as server:
        await ask(OpenAIClient(endpoint(server, strict=True)), Prompt("s", "u", kinds_named([Loose])))
    assert "strict" not in server.requests[0].body["response_format"]["json_schema"]


@run_async
async def test_no_temperature_unless_given() -> None:
    with ModelServer([EMPTY]) as server:
        await ask(OpenAIClient(endpoint(server)))
    assert "temperature" not in server.requests[0].body


def refuses_response_format(request: Request) -> Any:
    if "response_format" in request.body:
        return Status(400, message="'response_format.type' must be 'text'")
    return EMPTY


@run_async
async def test_refused_schema_falls_back_and_is_remembered() -> None:
    with ModelServer(refuses_response_format) as server:
        client = OpenAIClient(endpoint(server))
        first = await client.complete(PROMPT)
        second = await ask(client)
    assert [request.mode for request in server.requests] == ["json_schema", "md_json", "md_json"]
    assert client.mode == "md_json"
    assert first.usage == Usage(requests=2, prompt_tokens=100, completion_tokens=20)
    assert second.usage.requests == 1


@run_async
async def test_refused_strictness_is_given_up_first() -> None:
    def script(request: Request) -> Any:
        form = request.body["response_format"]["json_schema"]
        return (
            Status(400, "invalid_schema", "Invalid schema for response_format 'Reply'") if "strict" in form else EMPTY
        )

    with ModelServer(script) as server:
        client = OpenAIClient(endpoint(server, strict=True))
        await ask(client)
    assert [request.mode for request in server.requests] == ["json_schema", "json_schema"]
    assert client.mode == "json_schema"


@run_async
async def test_concurrent_refusals_all_fall_back() -> None:
    with ModelServer(refuses_response_format) as server:
        client = OpenAIClient(endpoint(server))
        replies = await asyncio.gather(*(client.complete(PROMPT) for _ in range(8)))
        await client.close()
    assert len(replies) == 8
    assert sum(reply.usage.requests for reply in replies) == len(server.requests)


@run_async
async def test_a_mode_asked_for_is_kept() -> None:
    error = await failure(refuses_response_format, mode="json_schema")
    assert isinstance(error, RequestRefusedError)
    assert "--mode" in str(error.hint)


@pytest.mark.parametrize(
    ("status", "code", "expected", "retryable"),
    [
        (400, "context_length_exceeded", RequestRefusedError, False),
        (400, "content_filter", ReplyFilteredError, False),
        (401, "invalid_api_key", ModelAuthenticationError, False),
        (402, None, QuotaExhaustedError, False),
        (403, None, ModelAuthenticationError, False),
        (404, "model_not_found", ModelNotFoundError, False),
        (408, None, ModelServerError, True),
        (409, None, ModelServerError, True),
        (413, None, RequestRefusedError, False),
        (418, None, RequestRefusedError, False),
        (422, None, RequestRefusedError, False),
        (429, None, ModelBusyError, True),
        (429, "insufficient_quota", QuotaExhaustedError, False),
        (500, None, ModelServerError, True),
        (503, "overloaded", ModelServerError, True),
        (529, None, ModelServerError, True),
    ],
)
@run_async
async def test_each_status_is_an_error_of_ours(
    status: int, code: str | None, expected: type[ModelError], retryable: bool
) -> None:
    error = await failure([Status(status, code, message=f"{SECRET} {HOSTILE}")])
    assert type(error) is expected
    assert error.retryable is retryable
    assert "Take" not in str(error)
    assert f"status {status}" in str(error)
    assert code is None or code in str(error)


@run_async
async def test_code_that_is_no_word_is_not_repeated() -> None:
    for code in (SECRET, "two words from the article"):
        assert code not in str(await failure([Status(400, code)]))


@run_async
async def test_retry_after_reaches_the_error() -> None:
    error = await failure([Status(429, headers={"Retry-After": "7"})])
    assert isinstance(error, ModelBusyError)
    assert error.retry_after == 7
    error = await failure([Status(503, headers={"Retry-After": "1.5"})])
    assert isinstance(error, ModelServerError)
    assert error.retry_after == 1.5


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": formatdate(1_000_060, usegmt=True)}, 60.0),
        ({"retry-after": formatdate(999_000, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, 1_000_000) == seconds


@run_async
async def test_a_server_that_does_not_answer() -> None:
    error = await failure([Hang()], timeout=0.2)
    assert isinstance(error, ModelTimeoutError)
    assert "within 0.2 s" in str(error)


@run_async
async def test_a_dropped_connection() -> None:
    assert isinstance(await failure([Drop()]), ModelUnreachableError)


@run_async
async def test_nobody_there() -> None:
    with ModelServer([]) as server:
        gone = endpoint(server)
    with pytest.raises(ModelUnreachableError, match=f"no connection to {server.host}"):
        await ask(OpenAIClient(gone))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Raw(b"{not json"), ReplyMalformedError),
        (Raw(b"<html>Welcome</html>", "text/html"), ReplyMalformedError),
        (Raw(b"{}"), ReplyMalformedError),
        (Raw(b"[]"), ReplyMalformedError),
        (Raw(b'{"choices": []}'), ReplyMalformedError),
        (Raw(b'{"error": {"code": 429, "message": "slow"}}'), ModelBusyError),
        (Raw(b'{"error": {"code": 502}}'), ModelServerError),
        (Raw(b'{"error": "broken"}'), ReplyMalformedError),
    ],
)
@run_async
async def test_status_200_with_something_else(answer: Raw, expected: type[ModelError]) -> None:
    assert type(await failure([answer])) is expected


@pytest.mark.parametrize(
    ("completion", "finish", "text"),
    [
        (Completion('{"quotes": [', finish="length"), "length", '{"quotes": ['),
        (Completion(None, finish="content_filter"), "content_filter", ""),
        (Completion(None, refusal="I will not."), "refusal", ""),
        (Completion(None), "stop", ""),
    ],
)
@pytest.mark.parametrize("mode", MODES)
@run_async
async def test_how_a_reply_ended(completion: Completion, finish: str, text: str, mode: Mode) -> None:
    with ModelServer([completion]) as server:
        reply = await ask(OpenAIClient(endpoint(server), mode=mode))
    assert (reply.finish, reply.text) == (finish, text)
    assert reply.usage.prompt_tokens == 100


@run_async
async def test_answer_in_words_where_a_tool_was_asked_for() -> None:
    body = b'{"model": null, "choices": [{"index": 0, "message": {"role": "assistant", "content": "{}"}}]}'
    with ModelServer([Raw(body)]) as server:
        reply = await ask(OpenAIClient(endpoint(server), mode="tools"))
    assert reply == Reply("{}", "stop", Usage(requests=1), None)


@run_async
async def test_azure() -> None:
    with ModelServer([EMPTY]) as server:
        environ = {
            "AZURE_OPENAI_ENDPOINT": f"http://{server.host}",
            "AZURE_OPENAI_API_KEY": SECRET,
            "OPENAI_API_VERSION": "2024-10-21",
        }
        await ask(OpenAIClient(endpoint_of("azure_openai/mine", environ=environ)))
    request = server.requests[0]
    assert request.path == "/openai/deployments/mine/chat/completions?api-version=2024-10-21"
    assert request.headers["api-key"] == SECRET
    assert request.body["response_format"]["json_schema"]["strict"] is True


def test_one_client_serves_several_loops() -> None:
    with ModelServer(lambda request: EMPTY) as server:
        client = OpenAIClient(endpoint(server))
        for _ in range(2):
            assert asyncio.run(ask(client)).text
    assert len(server.requests) == 2


def test_a_key_in_the_environment_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody")
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    with ModelServer([EMPTY]) as server:
        asyncio.run(ask(OpenAIClient(endpoint_of("ollama/m", base_url=server.url))))
    assert server.requests[0].headers["authorization"] == "Bearer x"


@pytest.mark.parametrize("answer", [EMPTY, Status(500, message="Take this"), Status(400, message="response_format")])
def test_nothing_is_logged_that_was_sent(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "instructor"):
        caplog.set_level(logging.DEBUG, logger=name)
    with ModelServer(lambda request: answer) as server:

        async def run() -> None:
            client = OpenAIClient(endpoint(server))
            try:
                await client.complete(PROMPT)
            except ModelError:
                assert answer is not EMPTY
            finally:
                await client.close()

        asyncio.run(run())
    assert server.requests
    for record in caplog.records:
        said = f"{record.getMessage()} {vars(record)}"
        assert "Take" not in said
        assert SECRET not in said


def test_other_users_of_the_sdk_keep_their_logs(caplog: pytest.LogCaptureFixture) -> None:
    with ModelServer([EMPTY]) as server:
        asyncio.run(ask(OpenAIClient(endpoint(server))))
    with caplog.at_level(logging.DEBUG, logger="openai._base_client"):
        logging.getLogger("openai._base_client").debug("of somebody else")
    assert "of somebody else" in caplog.text


def test_nothing_heavy_before_the_first_request() -> None:
    code = """
import sys
from extractor.backends.model_backend import ModelBackend
from extractor.kinds.catalogue import KINDS
backend = ModelBackend("openai/m", base_url="http://127.0.0.1:9/v1")
backend.check(KINDS)
backend.provenance(KINDS)
heavy = {"openai", "instructor", "aiohttp", "httpx2"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@run_async
async def test_a_call_that_is_called_off_leaves_the_next_one_alone() -> None:
    def script(request: Request) -> Any:
        return Hang() if "stall" in request.content("user") else EMPTY

    with ModelServer(script) as server:
        client = OpenAIClient(endpoint(server))
        await client.complete(PROMPT)
        calls = [asyncio.create_task(client.complete(Prompt("s", f"stall {n}", KINDS))) for n in range(5)]
        while len(server.requests) < 6:
            await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(error, asyncio.CancelledError) for error in ended)
        replies = await asyncio.gather(*(client.complete(PROMPT) for _ in range(5)))
        assert [reply.text for reply in replies] == ['{"entities": [], "quotes": [], "claims": []}'] * 5
        await client.close()


@run_async
async def test_several_tool_calls_and_tokens_of_all_sorts() -> None:
    calls = [{"id": str(n), "function": {"name": "Other", "arguments": f'{{"quotes": [{n}]}}'}} for n in range(2)]
    body = {
        "model": "m",
        "choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}],
        "usage": {
            "prompt_tokens": 100,
            "prompt_tokens_details": {"cached_tokens": 60},
            "completion_tokens": 20,
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    }
    with ModelServer([Raw(json.dumps(body).encode())]) as server:
        reply = await ask(OpenAIClient(endpoint(server), mode="tools"))
    assert reply.text == RECORD.join(['{"quotes": [0]}', '{"quotes": [1]}']), "whatever the tool is called"
    assert (reply.finish, reply.mode) == ("stop", "tools")
    assert reply.usage == Usage(
        requests=1, prompt_tokens=100, cached_tokens=60, completion_tokens=20, reasoning_tokens=5
    )


@run_async
async def test_later_requests_go_out_like_the_first() -> None:
    with ModelServer([EMPTY, Status(500), EMPTY]) as server:
        client = OpenAIClient(endpoint(server))
        await client.complete(PROMPT)
        with pytest.raises(ModelServerError):
            await client.complete(PROMPT)
        await client.complete(Prompt("System.", "Another article.", KINDS))
        await client.close()
    first, second, third = server.requests
    assert second == first
    changing = {"content-length"}
    assert {k: v for k, v in third.headers.items() if k not in changing} == {
        k: v for k, v in first.headers.items() if k not in changing
    }
    assert third.content("user") == "Another article."
    assert {k: v for k, v in third.body.items() if k != "messages"} == {
        k: v for k, v in first.body.items() if k != "messages"
    }


@run_async
async def test_what_the_provider_will_still_take_is_read_from_its_headers() -> None:
    spent = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}
    error = await failure([Status(429, headers=spent)])
    assert isinstance(error, ModelBusyError)
    assert error.retry_after == 360
    left = {"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "6m0s"}
    error = await failure([Status(429, headers=left)])
    assert isinstance(error, ModelBusyError)
    assert error.retry_after is None
    body = b'{"model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "{}"}}]}'
    with ModelServer([Raw(body, headers={**left, "x-ratelimit-remaining-tokens": "900"})]) as server:
        reply = await ask(OpenAIClient(endpoint(server)))
    assert [(one.of, one.remaining, one.resets_in) for one in reply.allowances] == [
        ("requests", 7.0, 360.0),
        ("tokens", 900.0, 60.0),
    ]
