"""Templates are found by name and version or by path, and their mistakes are named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extractor.errors import PromptError
from extractor.kinds.catalogue import KINDS, kinds_named
from extractor.prompting.prompt import prompt_for
from extractor.prompting.templates import is_path, known_templates, load_frame, newest, prompts_folder
from extractor.records.article import Article
from extractor.text.chunks import split_chunks
from extractor.text.document import Document

if TYPE_CHECKING:
    from extractor.text.chunks import Chunk


def chunk_of(text: str = "Ann left. “No,” she said.", **fields: str) -> Chunk:
    return split_chunks(Document.of(Article(id="a", text=text, **fields)))[0]


def test_newest_counts_versions_as_numbers() -> None:
    names = ["all.v2", "all.v10", "all.v9", "allow.v11"]
    assert newest("all", names) == "all.v10"
    assert newest("all", names, most=9) == "all.v9"
    assert newest("all", names, most=1) is None
    assert newest("all.v2", names) == "all.v2"
    assert newest("quotes", names) is None
    assert newest("all.v3", names) is None


@pytest.mark.parametrize("prompt", ["./mine", "a/b", "mine.j2", Path("mine")])
def test_what_is_a_path(prompt: str | Path) -> None:
    assert is_path(prompt)


@pytest.mark.parametrize(("prompt", "name"), [("all", "all.v5"), ("all.v1", "all.v1")])
def test_what_is_a_name(prompt: str, name: str) -> None:
    assert not is_path(prompt)
    assert load_frame(prompt).name == name


def test_a_frame_goes_with_the_tasks_of_its_own_version() -> None:
    kinds = kinds_named(["quotes", "claims"])
    assert {"quotes.v1", "claims.v1"} <= set(load_frame("all.v1").sources(kinds))
    assert {"quotes.v2", "claims.v2"} <= set(load_frame("all.v2").sources(kinds))
    assert "entities.v2" in load_frame("all.v3").sources(kinds_named(["entities"])), "there is no third"
    assert "quotes.v2" in load_frame("all.v2").sources(kinds_named(["quotes"])), "a later one is not taken"


def test_every_kind_has_its_template() -> None:
    assert {f"{kind.template}.v2" for kind in KINDS} | {"all.v2", "custom.v2", "repair.v1"} <= set(known_templates())


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(PromptError, match="no prompt template 'al'") as caught:
        load_frame("al")
    assert "all.v1" in str(caught.value.hint)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"there is no prompt template .*mine\.j2"):
        load_frame(tmp_path / "mine.j2")


def test_one_kind_renders_only_its_task() -> None:
    system = load_frame().system(kinds_named(["quotes"]), examples=())
    assert "QUOTES" in system
    assert "CLAIMS" not in system
    assert "ENTITIES" not in system
    assert '{"quotes": [...]}' in system


def test_digests_follow_what_is_included() -> None:
    sources = load_frame().sources(kinds_named(["quotes", "claims"]))
    assert list(sources) == ["all.v5", "article.v1", "claims.v5", "quotes.v5"]
    assert all(len(digest) == 12 for digest in sources.values())


def test_file_without_blocks_is_the_system_message(tmp_path: Path) -> None:
    mine = tmp_path / "mine.j2"
    mine.write_text("Find {{ kinds[0].name }}.\n{% include 'quotes' %}", encoding="utf-8")
    frame = load_frame(str(mine))
    prompt = prompt_for(chunk_of(), kinds_named(["quotes"]), frame)
    assert prompt.system.startswith("Find quotes.\nQUOTES")
    assert "<sentences" in prompt.user
    assert list(frame.sources(kinds_named(["quotes"]))) == ["all.v5", "article.v1", "mine.j2", "quotes", "quotes.v5"]


def test_file_may_extend_ours_and_include_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "tone.j2").write_text("Be brief.", encoding="utf-8")
    mine = tmp_path / "mine.j2"
    mine.write_text(
        "{% extends 'all' %}{% block system %}{{ super() }}\n{% include 'tone.j2' %}{% endblock %}", encoding="utf-8"
    )
    frame = load_frame(mine)
    kinds = kinds_named(["quotes"])
    prompt = prompt_for(chunk_of(), kinds, frame)
    assert "QUOTES" in prompt.system
    assert prompt.system.endswith("Be brief.")
    assert prompt.user == prompt_for(chunk_of(), kinds, load_frame()).user
    assert {"mine.j2", "tone", "all", "quotes.v5"} <= set(frame.sources(kinds))


def test_file_named_like_ours_is_the_users(tmp_path: Path) -> None:
    mine = tmp_path / "all.v1.j2"
    mine.write_text("Mine.", encoding="utf-8")
    assert load_frame(mine).system(KINDS, examples=()) == "Mine."


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ headline }}", "'headline' is undefined"),
        ("{% if %}", "line 1"),
        ("{% include 'nothing' %}", "includes 'nothing'"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", "SecurityError"),
        ("{% include '../secret.j2' %}", "includes"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, source: str, message: str) -> None:
    mine = tmp_path / "mine.j2"
    mine.write_text(source, encoding="utf-8")
    (tmp_path.parent / "secret.j2").write_text("secret", encoding="utf-8")
    with pytest.raises(PromptError, match=message):
        load_frame(mine).system(KINDS, examples=())


def test_article_variables_are_not_for_the_system_block(tmp_path: Path) -> None:
    mine = tmp_path / "mine.j2"
    mine.write_text("{% block system %}{{ title }}{% endblock %}", encoding="utf-8")
    with pytest.raises(PromptError, match="'title' is undefined") as caught:
        prompt_for(chunk_of(title="T"), KINDS, load_frame(mine))
    assert "system block" in str(caught.value.hint)


def test_error_does_not_repeat_the_article(tmp_path: Path) -> None:
    mine = tmp_path / "mine.j2"
    mine.write_text("{% block user %}{{ paragraphs[0][0].text + 1 }}{% endblock %}", encoding="utf-8")
    with pytest.raises(PromptError) as caught:
        prompt_for(chunk_of("Confidential words."), KINDS, load_frame(mine))
    assert "Confidential" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_template_that_is_not_text(tmp_path: Path) -> None:
    mine = tmp_path / "mine.j2"
    mine.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PromptError, match="not UTF-8"):
        load_frame(mine)


def test_templates_lie_in_one_of_two_places() -> None:
    assert prompts_folder().name == "prompts"
