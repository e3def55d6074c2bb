"""Whatever a server does to requests: every article has its record, nothing good is lost, nothing false is reported."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from extractor import Extractor
from extractor.backends.model_backend import ModelBackend
from extractor.llm.client import MODES, Mode
from extractor.llm.retry import RetryPolicy
from extractor.records.article import Article
from extractor.text.document import Document
from tests.articles import assert_verbatim
from tests.fault_server import MIXED, Fault, FaultServer
from tests.honest_model import MARKER, Reply, honest_reply
from tests.news import articles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extractor.records.extraction import Extraction

SINGULAR = {"entities": "entity", "quotes": "quote", "claims": "claim"}
KINDS = tuple(SINGULAR)
SHORT = 1.5
"""Seconds that a request may take where servers stall: all else is answered far sooner."""

CONTENT = (Fault.TRUNCATED, Fault.CUT, Fault.INVALID_ITEMS, Fault.INVENTED_QUOTES, Fault.EMPTY, Fault.PROSE)


async def no_wait(seconds: float) -> None:
    """Stands in for sleep between tries."""


def records(
    server: FaultServer, given: Sequence[Article], *, chunk_chars: int = 4000, **settings: Any
) -> list[Extraction]:
    """One record an article, with all settings as they come but for time: between tries none passes."""
    settings = {"policy": RetryPolicy(sleep=no_wait), "concurrency": 32, **settings}
    backend = ModelBackend("openai/m", base_url=server.url, api_key="k", **settings)
    with Extractor(backend=backend, concurrency=32, chunk_chars=chunk_chars) as extractor:
        made = list(extractor.extract_many_sync(given))
    assert [record.article.id for record in made] == [article.id for article in given]
    return made


def words_of(reply: Reply) -> dict[str, set[str]]:
    """The items of a reply, as they are reported."""
    return {
        "entities": {item["name"] for item in reply.get("entities", ())},
        "quotes": {item["content"][0] for item in reply.get("quotes", ())},
        "claims": {item["text"] for item in reply.get("claims", ())},
    }


def there(article: Article) -> dict[str, set[str]]:
    """What an honest reader finds in an article."""
    sentences = [(s.number, article.text[s.start : s.end]) for s in Document.of(article).sentences]
    return words_of(honest_reply(sentences, KINDS))


def reported(record: Extraction) -> dict[str, set[str]]:
    return {
        "entities": {entity.name for entity in record.entities or ()},
        "quotes": {quote.text for quote in record.quotes or ()},
        "claims": {claim.text for claim in record.claims or ()},
    }


def all_words(record: Extraction) -> Iterator[str]:
    """Every string that a record gives out as the article's."""
    for entity in record.entities or ():
        yield from (entity.name, *entity.aliases)
    for quote in record.quotes or ():
        yield quote.text
        yield from (quote.speaker.name,) if quote.speaker else ()
    for claim in record.claims or ():
        yield claim.text
        yield from (claim.claimant.name,) if claim.claimant else ()
    for span in record.all_spans():
        yield span.text


def assert_nothing_false(record: Extraction, lies: set[str]) -> None:
    """What is reported stands in the article, and none of the server's inventions is among it."""
    assert_verbatim(record)
    for words in all_words(record):
        assert MARKER not in words
        # A lie about one article may be true of another.
        assert words not in lies or words.rstrip(".") in record.article.text
    for kind, found in reported(record).items():
        assert found <= there(record.article)[kind], kind


def lost(made: Sequence[Extraction], server: FaultServer) -> list[tuple[str, str, dict[str, set[str]]]]:
    """The records that are not complete or lack something, with what they lack: none where all is well.

    What no good reply gave, because the model kept to no form whenever it was asked, may be listed as rejected.
    """
    found = []
    for record in made:
        given, good = reported(record), in_good_replies(record.article, server)
        rejected = Counter(one.kind for one in record.rejected if one.reason == "invalid")
        lacking = {}
        for kind, words in there(record.article).items():
            missing = words - given[kind]
            if missing & good[kind] or len(missing) > rejected[SINGULAR[kind]]:
                lacking[kind] = missing
        if lacking or record.coverage.status != "complete" or record.error is not None:
            code = record.error.code if record.error else record.coverage.status
            found.append((record.article.id, code, lacking))
    return found


def in_good_replies(article: Article, server: FaultServer) -> dict[str, set[str]]:
    """What complete and honest replies about an article gave."""
    good: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for exchange in server.requests:
        if exchange.honest is not None and f"{article.title}<" in exchange.user:
            for kind, words in words_of(exchange.honest).items():
                good[kind] |= words
    return good


@pytest.fixture(scope="module")
def news() -> list[Article]:
    return articles(200, seed=11)


def test_without_faults_all_is_there(news: list[Article]) -> None:
    with FaultServer(share=0) as server:
        made = records(server, news[:12])
    for record in made:
        assert reported(record) == there(record.article)
        assert_nothing_false(record, server.lies)
        assert record.rejected == ()
    assert len(server.requests) == 12


def test_with_faults_in_three_requests_of_ten_nothing_is_lost_and_a_poisoned_article_says_why(
    news: list[Article],
) -> None:
    (long,) = articles(1, seed=12, sentences=40)
    victim = Article(id="victim", title="News from Xanadu", text=long.text)
    given = [*news[:100], victim, *news[100:]]
    with FaultServer(seed=7, share=0.3, poisoned="News from Xanadu", poison=[Fault.SERVER_ERROR]) as server:
        made = records(server, given, timeout=SHORT, chunk_chars=1000)
    poisoned = made.pop(100)
    others = [exchange for exchange in server.requests if "Xanadu" not in exchange.user]
    faults = [exchange.fault for exchange in others if exchange.fault]
    assert set(faults) == set(MIXED)
    assert 0.25 < len(faults) / len(others) < 0.35
    for record in made:
        assert_nothing_false(record, server.lies)
    assert len(made) == 200
    assert lost(made, server) == []

    assert len({exchange.digest for exchange in server.requests if "Xanadu" in exchange.user}) > 3, "several chunks"
    assert (poisoned.coverage.status, poisoned.coverage.read) == ("failed", ())
    assert {missed.reason for missed in poisoned.coverage.missed} == {"server"}
    assert poisoned.error is not None
    assert poisoned.error.code == "server"
    assert not any(reported(poisoned).values())


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [
        (Fault.BUSY, {"busy"}),
        (Fault.BUSY_AFTER, {"busy"}),
        (Fault.SERVER_ERROR, {"server"}),
        (Fault.BAD_GATEWAY, {"server"}),
        (Fault.UNAVAILABLE, {"server"}),
        (Fault.CONFLICT, {"server"}),
        (Fault.REQUEST_TIMEOUT, {"server"}),
        (Fault.DROP, {"unreachable"}),
        (Fault.EMPTY, {"malformed"}),
        (Fault.PROSE, {"malformed"}),
        (Fault.HTML_200, {"malformed"}),
        (Fault.REFUSAL, {"refused"}),
        (Fault.CONTENT_FILTER, {"filtered"}),
    ],
)
def test_what_an_article_dies_of_is_its_reason(news: list[Article], fault: Fault, reasons: set[str]) -> None:
    given = news[:4]
    with FaultServer(share=0, poisoned=f"{given[1].title}<", poison=[fault]) as server:
        made = records(server, given)
    dead = made.pop(1)
    assert dead.coverage.status == "failed"
    assert {missed.reason for missed in dead.coverage.missed} == reasons
    assert dead.error is not None
    assert dead.error.code in reasons
    assert lost(made, server) == []


def test_stalls_are_given_up_at_the_timeout(news: list[Article]) -> None:
    given = news[:4]
    with FaultServer(share=0, poisoned=f"{given[1].title}<", poison=[Fault.STALL]) as server:
        made = records(server, given, timeout=SHORT, policy=RetryPolicy(max_attempts=2, sleep=no_wait))
    dead = made.pop(1)
    assert dead.error is not None
    assert dead.error.code == "timeout"
    assert lost(made, server) == []


@pytest.mark.parametrize("fault", [Fault.INVALID_ITEMS, Fault.INVENTED_QUOTES])
def test_replies_that_are_never_right_leave_what_is_right_in_them(news: list[Article], fault: Fault) -> None:
    with FaultServer(share=1, faults=[fault]) as server:
        made = records(server, news[:12])
    for record in made:
        assert_nothing_false(record, server.lies)
        assert record.coverage.status == "complete"
    if fault is Fault.INVENTED_QUOTES:
        assert [reported(record) for record in made] == [there(record.article) for record in made]
        assert all(record.rejected for record in made)


@pytest.mark.parametrize("mode", MODES)
def test_bad_replies_are_mended_in_every_mode(news: list[Article], mode: Mode) -> None:
    with FaultServer(seed=4, share=0.3, faults=CONTENT) as server:
        made = records(server, news[:16], mode=mode)
    for record in made:
        assert_nothing_false(record, server.lies)
    assert lost(made, server) == []


def test_long_articles_in_pieces() -> None:
    given = articles(12, seed=5, sentences=40)
    with FaultServer(seed=2, share=0.3) as server:
        made = records(server, given, timeout=SHORT, chunk_chars=900)
    assert len(server.answered) > 3 * len(given)
    for record in made:
        assert_nothing_false(record, server.lies)
    assert lost(made, server) == []
